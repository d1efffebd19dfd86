//! A client that believes what it is told: it launches a run, approves it and sees it end, and remembers every answer.

use smithers_model::RunId;
use smithers_model::run::RunStatus;
use smithers_store::testkit::FaultyDisk;
use smithers_store::{Backend, WriterState};

use super::stage::{Stage, wait};
use crate::run::RunError;
use crate::testing::launch;

/// See the module documentation.
pub(super) struct Client<'a> {
    stage: &'a Stage,
    disk: &'a FaultyDisk,
    told: Told,
}

/// What a client was told about its run.
pub(super) struct Told {
    run: String,
    /// Requests that were refused or whose outcome was said to be unknown.
    pub(super) refusals: usize,
}

impl<'a> Client<'a> {
    pub(super) fn new(stage: &'a Stage, disk: &'a FaultyDisk, run: String) -> Self {
        let told = Told { run, refusals: 0 };
        Self { stage, disk, told }
    }

    /// Takes its run to the end, whatever happens to the disk in between.
    pub(super) async fn live(mut self) -> Told {
        self.launch().await;
        self.see(RunStatus::WaitingApproval).await;
        self.approve().await;
        self.see(RunStatus::Finished).await;
        self.told
    }

    async fn launch(&mut self) {
        let mut unknown = false;
        loop {
            match self
                .stage
                .runs
                .launch(launch("gated", &self.told.run))
                .await
            {
                Ok(_) => break,
                Err(RunError::Exists(_)) if unknown => break,
                Err(refused) => unknown |= self.refused(refused).await,
            }
            assert!(
                unknown || self.row().is_none(),
                "a refused launch of {} is there",
                self.told.run
            );
        }
        assert!(self.row().is_some(), "acknowledged means readable");
    }

    async fn approve(&mut self) {
        let mut unknown = false;
        loop {
            match self.stage.approve(&self.told.run).await {
                Ok(()) => break,
                Err(RunError::Refused(_)) if unknown => break,
                Err(refused) => unknown |= self.refused(refused).await,
            }
        }
        assert_eq!(
            self.stage.event_count(&self.told.run, "ApprovalGranted"),
            1,
            "acknowledged means readable"
        );
    }

    /// Takes note of a refusal and waits until the database is back; true when the outcome is unknown.
    async fn refused(&mut self, error: RunError) -> bool {
        self.told.refusals += 1;
        let is_unknown = match error {
            RunError::OutcomeUnknown => true,
            RunError::Degraded(_) => false,
            other => panic!("{}: {other:?}", self.told.run),
        };
        let ready = || {
            self.mend();
            (self.stage.writer.state() == WriterState::Ready).then_some(())
        };
        wait("the database to be open again", ready).await;
        is_unknown
    }

    async fn see(&self, status: RunStatus) {
        let what = format!("{} to be {status:?}", self.told.run);
        let reached = || {
            self.mend();
            self.row().filter(|row| *row == status)
        };
        wait(&what, reached).await;
    }

    /// A disk that goes on failing is repaired once the gateway has noticed.
    fn mend(&self) {
        if self.stage.writer.state() != WriterState::Ready {
            self.disk.heal();
        }
    }

    fn row(&self) -> Option<RunStatus> {
        self.stage.row(&self.told.run).map(|row| row.status)
    }
}

impl Told {
    /// Checks that the run is stored as its client saw it: to its end, with one decision and without a gap.
    pub(super) fn check(&self, backend: &dyn Backend) {
        let (reader, id) = (backend.reader().unwrap(), RunId::from(self.run.as_str()));
        let row = reader.run(&id).unwrap();
        assert_eq!(row.map(|row| row.status), Some(RunStatus::Finished), "{id}");
        let events = reader.events(&id, None, 10_000).unwrap();
        let names: Vec<&str> = events.iter().map(|event| &*event.type_name).collect();
        for once in ["ApprovalRequested", "ApprovalGranted", "RunFinished"] {
            let count = names.iter().filter(|name| **name == once).count();
            assert_eq!(count, 1, "{once} of {id} in {names:?}");
        }
        let seqs: Vec<u64> = events.iter().map(|event| event.seq).collect();
        assert_eq!(seqs, (0..events.len() as u64).collect::<Vec<_>>(), "{id}");
        let streamed: Vec<u64> = events.iter().filter_map(|event| event.stream_seq).collect();
        assert_eq!(
            streamed,
            (1..=streamed.len() as u64).collect::<Vec<_>>(),
            "{id}"
        );
        assert_eq!(reader.outputs(&id).unwrap().len(), 3, "{id}");
    }
}
