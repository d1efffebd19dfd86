//! One stream: from its request to its end, which comes with its socket, with its run, or when its reader is too slow.

use smithers_model::RunId;
use smithers_protocol::error::RpcError;
use smithers_protocol::frame::{Payload, RawParams, StreamError, StreamId};
use smithers_protocol::params::StreamDevTools;
use smithers_protocol::view::TreeStreamAnswer;

use super::teller::Teller;
use super::{DevTools, FrameWatch, Look, NamedSkeleton, Which, counted};
use crate::hub::{self, Lag, SessionId, Undelivered};
use crate::reading::off_arbiter;

/// Frames between two that a stream can begin with.
const BASE: u64 = 50;

/// Opens a stream and returns the answer, which has to be written before anything else happens.
pub(crate) async fn open(
    devtools: &DevTools,
    hub: &hub::Handle,
    session: SessionId,
    params: &RawParams,
) -> Result<Payload, RpcError> {
    let answer = begin(devtools, hub, session, params).await;
    counted::asked(&answer);
    answer
}

async fn begin(
    devtools: &DevTools,
    hub: &hub::Handle,
    session: SessionId,
    params: &RawParams,
) -> Result<Payload, RpcError> {
    let asked = StreamDevTools::read(&params.object_or_empty())?;
    let run = RunId::from(asked.run_id.as_str());
    if !hub.names(session, &run) {
        return Err(RpcError::not_subscribed());
    }
    let watch = devtools.bell.watch(&run);
    let newest = devtools.trees.newest(&run).await;
    let newest = newest.map_err(|_| RpcError::from(StreamError::Internal))?;
    let newest = newest.ok_or_else(|| RpcError::run_not_found(&asked.run_id))?;
    let after = asked
        .after
        .map(|after| after.check(newest).map(|()| after.seq));
    let after = after.transpose()?;
    // There is no frame 0.
    let base = after
        .map(|after| after / BASE * BASE)
        .filter(|base| *base > 0);
    let slot = hub.take_tree_slot(session, &run)?;
    let id = hub::new_stream_id();
    let stream = Stream {
        devtools: devtools.clone(),
        hub: hub.clone(),
        session,
        run: run.clone(),
        id: id.clone(),
        watch,
        next: base.map_or(Which::Newest, Which::From),
        teller: Teller::new(id.as_str(), run.as_str()),
        skeleton: None,
        lag: Lag::default(),
        jumps: 0,
        _open: counted::Open::begin(),
    };
    let task = actix_rt::spawn(stream.run());
    hub.attach_tree(session, &run, &id, slot, task);
    let answer = TreeStreamAnswer::new(id.as_str(), &asked.run_id, after);
    Payload::encode(&answer).map_err(|_| RpcError::internal())
}

struct Stream {
    devtools: DevTools,
    hub: hub::Handle,
    session: SessionId,
    run: RunId,
    id: StreamId,
    watch: FrameWatch,
    /// What is read next.
    next: Which,
    teller: Teller,
    skeleton: Option<NamedSkeleton>,
    lag: Lag,
    /// Jumps of the run that are told.
    jumps: u64,
    _open: counted::Open,
}

impl Stream {
    async fn run(mut self) {
        let Err(error) = self.tell_all().await else {
            return;
        };
        tracing::info!(run.id = %self.run, ?error, "stream of trees dropped");
        self.hub.cut_tree(self.session, &self.id, error);
    }

    /// Returns when the socket is gone.
    async fn tell_all(&mut self) -> Result<(), StreamError> {
        loop {
            let look = self.look().await?;
            let newest = look.forest.newest;
            if self.teller.next().is_some_and(|next| next > newest + 1) {
                // It was taken back, and nobody has told.
                self.begin_anew();
                continue;
            }
            let payloads = self.encode(look).await?;
            let is_told = !payloads.is_empty();
            if !self.offer(&payloads)? {
                return Ok(());
            }
            let next = self.teller.next().unwrap_or(1);
            self.next = Which::From(next);
            if next > newest {
                self.watch.rung().await;
                continue;
            }
            if !is_told {
                // A frame in the middle is gone: the newest one stands for it.
                self.begin_anew();
            }
            // Others have their turn.
            actix_rt::task::yield_now().await;
        }
    }

    /// Reads what is to be told next; all of the newest frame when the run was taken back.
    async fn look(&mut self) -> Result<Look, StreamError> {
        let jumps = self.watch.jumps();
        if jumps != self.jumps {
            self.jumps = jumps;
            self.begin_anew();
        }
        let last = self.skeleton.take();
        let look = self.devtools.trees.look(&self.run, self.next, last).await;
        let look = look.map_err(|_| StreamError::Internal)?;
        let mut look = look.ok_or(StreamError::RunDeleted)?;
        self.skeleton = look.forest.last.take();
        Ok(look)
    }

    /// Hands events to the socket. Returns whether it is still there.
    fn offer(&mut self, payloads: &[Payload]) -> Result<bool, StreamError> {
        for payload in payloads {
            match self.hub.offer_tree(self.session, payload, &mut self.lag) {
                Ok(()) => {}
                Err(Undelivered::Gone) => return Ok(false),
                Err(Undelivered::TooSlow) => {
                    counted::cut();
                    return Err(StreamError::TooSlow);
                }
            }
        }
        Ok(true)
    }

    fn begin_anew(&mut self) {
        self.next = Which::Newest;
        self.teller.begin_anew();
    }

    /// Compares and serialises away from the arbiter: trees may be large.
    async fn encode(&mut self, look: Look) -> Result<Vec<Payload>, StreamError> {
        let mut teller = self.teller.clone();
        let encoding = off_arbiter(move || {
            let Look { forest, run_state } = look;
            let mut payloads = Vec::with_capacity(forest.frames.len());
            for (frame_no, tree) in forest.frames {
                payloads.push(teller.tell(frame_no, tree, &run_state)?);
            }
            Ok::<_, serde_json::Error>((teller, payloads))
        });
        let encoded = encoding.await.ok().and_then(Result::ok);
        let (teller, payloads) = encoded.ok_or(StreamError::Internal)?;
        self.teller = teller;
        Ok(payloads)
    }
}
