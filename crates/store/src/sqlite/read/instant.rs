//! Readers of one instant: a read transaction around all that is asked, with a bound on the time where it matters.

use std::ffi::c_int;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::SqliteReader;
use crate::read::ReadResult;

/// Longest that a question may take on a thread that must not be blocked.
const GLIMPSE: Duration = Duration::from_millis(5);
/// Steps of SQLite's machine between two looks at the clock; a few dozen microseconds.
const STEPS: c_int = 1_000;

impl SqliteReader {
    /// Lets all that is read be of one instant: that of the first read.
    pub(in crate::sqlite) fn at_one_instant(self) -> ReadResult<Self> {
        self.conn.prepare_cached("BEGIN")?.execute([])?;
        Ok(self)
    }

    /// As [`at_one_instant`](Self::at_one_instant), for a few milliseconds from now. The flag is set when a read
    /// failed because they were over.
    pub(in crate::sqlite) fn for_a_moment(self) -> ReadResult<(Self, Arc<AtomicBool>)> {
        let (end, gave_up) = (Instant::now() + GLIMPSE, Arc::new(AtomicBool::new(false)));
        let flag = gave_up.clone();
        let is_over = move || {
            let is_over = Instant::now() >= end;
            flag.fetch_or(is_over, Ordering::Relaxed);
            is_over
        };
        let reader = self.at_one_instant()?;
        reader.conn.progress_handler(STEPS, Some(is_over))?;
        Ok((reader, gave_up))
    }

    pub(super) fn is_of_one_instant(&self) -> bool {
        !self.conn.is_autocommit()
    }

    fn end_instant(&self) -> rusqlite::Result<()> {
        self.conn.progress_handler(0, None::<fn() -> bool>)?;
        self.conn.prepare_cached("COMMIT")?.execute([])?;
        Ok(())
    }
}

impl Drop for SqliteReader {
    /// Gives the connection back as it was.
    fn drop(&mut self) {
        if !self.is_of_one_instant() {
            return;
        }
        if let Err(error) = self.end_instant() {
            tracing::warn!(%error, "a read transaction did not end in good order");
        }
    }
}

#[cfg(test)]
mod tests {
    use smithers_model::RunId;
    use smithers_model::node::NodeState;

    use super::*;
    use crate::Backend;
    use crate::error::Error;
    use crate::testkit::{RunScript, ScratchDb, commit, node};

    #[test]
    fn what_is_written_meanwhile_is_not_seen_and_the_connection_is_fit_for_the_next_reader() {
        let scratch = ScratchDb::new();
        let store = scratch.open();
        let mut transactions = store.open_writer().unwrap();
        let (mut script, run) = (RunScript::new("r"), RunId::from("r"));
        commit(&mut *transactions, script.launch()).unwrap();
        for look in [Backend::snapshot, |store: &_| {
            Backend::glimpse(store).ok_or(Error::Busy)
        }] {
            let reader = look(&store).unwrap();
            let before = reader.nodes(&run).unwrap().len();
            let change = node(&format!("t{before}"), NodeState::Pending);
            commit(&mut *transactions, script.step(Vec::new(), vec![change])).unwrap();
            assert_eq!(reader.nodes(&run).unwrap().len(), before);
            assert_eq!(reader.load_run(&run).unwrap().unwrap().nodes.len(), before);
            drop(reader);
            let later = store.reader().unwrap();
            assert_eq!(later.nodes(&run).unwrap().len(), before + 1);
        }
    }

    #[test]
    fn a_question_that_takes_too_long_is_given_up_and_says_so() {
        let scratch = ScratchDb::new();
        let store = scratch.open();
        let reader = SqliteReader::alone(rusqlite::Connection::open(store.path()).unwrap());
        let (reader, gave_up) = reader.for_a_moment().unwrap();
        let endless = "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
        let answer = reader.one(endless, [], |row| row.get::<_, u64>(0));
        assert!(matches!(answer, Err(Error::TooLong)), "{answer:?}");
        assert!(gave_up.load(Ordering::Relaxed));
        assert!(store.reader().unwrap().run(&"r".into()).unwrap().is_none());
    }

    #[test]
    fn nobody_waits_for_a_glimpse() {
        let scratch = ScratchDb::new();
        let mut options = scratch.options();
        options.readers = 1;
        let store = crate::SqliteStore::open(&options).unwrap();
        let first = store.reader().unwrap();
        assert!(store.glimpse().is_none());
        drop(first);
        assert!(store.glimpse().is_some());
    }
}
