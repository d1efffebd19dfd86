//! `getDevToolsSnapshot`, and what streams of trees read (gateway-protocol 9).

use futures_core::future::LocalBoxFuture;
use serde_json::value::{RawValue, to_raw_value};
use smithers_actors::devtools::{self, Look, NamedSkeleton, Trees, Which};
use smithers_actors::hub::ReadFailed;
use smithers_actors::session::Caller;
use smithers_model::RunId;
use smithers_protocol::error::{ErrorCode, RpcError};
use smithers_protocol::frame::Payload;
use smithers_protocol::params::{GetDevToolsSnapshot, Params};
use smithers_protocol::view::TreeSnapshot;
use smithers_store::Reader;

use super::runs::with_record;
use super::{Service, encode, error};
use crate::view::Owner;

impl Service {
    pub(super) async fn get_devtools_snapshot(
        &self,
        caller: &Caller,
        params: &Params,
    ) -> Result<Payload, RpcError> {
        let GetDevToolsSnapshot { run_id, frame_no } = GetDevToolsSnapshot::read(params)?;
        let (id, owner) = (RunId::from(run_id.as_str()), self.owner());
        let connection = caller.connection.as_ref();
        if connection.is_some_and(|connection| !connection.names(&id)) {
            return Err(RpcError::not_subscribed());
        }
        self.read(move |reader| {
            let state = run_state(reader, &id, &owner)?;
            let state = state.ok_or_else(|| RpcError::run_not_found(&run_id))?;
            check_frame(&run_id, frame_no, newest_frame(reader, &id)?)?;
            let which = match frame_no {
                // A run without frames has the empty tree.
                None | Some(0) => Which::Newest,
                Some(frame_no) => Which::Only(frame_no),
            };
            let forest = devtools::read(reader, &id, which, None).map_err(error::of_read)?;
            let (frame_no, root) = forest
                .frames
                .first()
                .ok_or_else(|| not_available(&run_id, frame_no))?;
            encode(&TreeSnapshot::new(&run_id, *frame_no, root, &state))
        })
        .await
    }
}

fn check_frame(run_id: &str, asked: Option<u64>, newest: u64) -> Result<(), RpcError> {
    match asked {
        Some(frame_no) if frame_no > newest => {
            let message = format!("frameNo must be between 0 and {newest}.");
            Err(RpcError::new(ErrorCode::FrameOutOfRange, message))
        }
        Some(0) if newest > 0 => Err(not_available(run_id, asked)),
        _ => Ok(()),
    }
}

fn not_available(run_id: &str, frame_no: Option<u64>) -> RpcError {
    let frame_no = frame_no.unwrap_or(0);
    let message = format!("Frame {frame_no} is not available for run {run_id}.");
    RpcError::new(ErrorCode::FrameOutOfRange, message)
}

fn newest_frame(reader: &dyn Reader, run: &RunId) -> Result<u64, RpcError> {
    let newest = reader.latest_frame(run).map_err(error::of_read)?;
    Ok(newest.map_or(0, |frame| frame.frame_no))
}

/// How a run stands, serialised; none for no such run.
fn run_state(
    reader: &dyn Reader,
    run: &RunId,
    owner: &Owner,
) -> Result<Option<Box<RawValue>>, RpcError> {
    with_record(reader, run, owner, |record| {
        to_raw_value(&record.run_state).map_err(|error| {
            tracing::error!(%error, "the state of a run could not be serialised");
            RpcError::internal()
        })
    })
}

impl Trees for Service {
    fn newest(&self, run: &RunId) -> LocalBoxFuture<'static, Result<Option<u64>, ReadFailed>> {
        let (service, run) = (self.clone(), run.clone());
        Box::pin(async move {
            let newest = service.read_briefly(move |reader| {
                let row = reader.run(&run).map_err(error::of_read)?;
                row.map(|_| newest_frame(reader, &run)).transpose()
            });
            newest.await.map_err(|_| ReadFailed)
        })
    }

    fn look(
        &self,
        run: &RunId,
        which: Which,
        last: Option<NamedSkeleton>,
    ) -> LocalBoxFuture<'static, Result<Option<Look>, ReadFailed>> {
        let (service, run, owner) = (self.clone(), run.clone(), self.owner());
        Box::pin(async move {
            let look = service.read(move |reader| {
                let Some(run_state) = run_state(reader, &run, &owner)? else {
                    return Ok(None);
                };
                let forest = devtools::read(reader, &run, which, last);
                let forest = forest.map_err(error::of_read)?;
                Ok(Some(Look { forest, run_state }))
            });
            look.await.map_err(|_| ReadFailed)
        })
    }
}
