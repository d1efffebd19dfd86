//! A batch as one transaction. The common case pays nothing for the rare one: only when a step turns out to
//! be spoiled is the batch written again, each step behind a savepoint.

use std::collections::BTreeMap;

use smithers_model::step::StepWrite;

use super::SqliteTransactions;
use super::step::Writing;
use crate::commit::{CommittedStep, Refusal};
use crate::error::CommitError;
use crate::sqlite::fault::Trouble;
use crate::sqlite::gateway::{self, Counters};

/// Answers in the order of the steps.
type Answers = Vec<Result<CommittedStep, Refusal>>;

/// How one pass over a batch ended.
enum Pass {
    /// Every step has its answer, and the end of the log moved to here.
    Done(Answers, Counters),
    /// This step broke a rule after it had written something; the transaction is useless.
    Spoiled(usize, Refusal),
}

impl SqliteTransactions {
    /// Commits a batch. Steps that are refused before they write anything cost nothing; one that breaks a
    /// rule of a table costs a second pass.
    pub(super) fn write_batch(&mut self, steps: &[StepWrite]) -> Result<Answers, CommitError> {
        self.begin()?;
        match self.plain_pass(steps)? {
            Pass::Done(answers, counters) => return self.end(answers, counters),
            Pass::Spoiled(..) => self.rollback()?,
        }
        let mut condemned = BTreeMap::new();
        loop {
            self.begin()?;
            match self.isolating_pass(steps, &condemned)? {
                Pass::Done(answers, counters) => return self.end(answers, counters),
                Pass::Spoiled(index, refusal) => {
                    condemned.insert(index, refusal);
                    self.rollback()?;
                }
            }
        }
    }

    fn plain_pass(&self, steps: &[StepWrite]) -> Result<Pass, CommitError> {
        let mut writing = self.writing();
        let mut answers = Vec::with_capacity(steps.len());
        for (index, step) in steps.iter().enumerate() {
            match writing.check(step)? {
                Err(refusal) => answers.push(Err(refusal)),
                Ok(checked) => match writing.apply(step, checked) {
                    Ok(committed) => answers.push(Ok(committed)),
                    Err(Trouble::Row(refusal)) => return Ok(Pass::Spoiled(index, refusal)),
                    Err(Trouble::Storage(fault)) => return Err(fault),
                },
            }
        }
        Ok(Pass::Done(answers, writing.counters))
    }

    fn isolating_pass(
        &self,
        steps: &[StepWrite],
        condemned: &BTreeMap<usize, Refusal>,
    ) -> Result<Pass, CommitError> {
        let mut writing = self.writing();
        let mut answers = Vec::with_capacity(steps.len());
        for (index, step) in steps.iter().enumerate() {
            if let Some(refusal) = condemned.get(&index) {
                answers.push(Err(refusal.clone()));
                continue;
            }
            let before = writing.counters;
            self.execute("SAVEPOINT step")?;
            let answer = match writing.check(step)? {
                Err(refusal) => Err(Trouble::Row(refusal)),
                Ok(checked) => writing.apply(step, checked),
            };
            match answer {
                Ok(committed) => answers.push(Ok(committed)),
                Err(Trouble::Storage(fault)) => return Err(fault),
                // A trigger of the user may roll everything back: then this step is left out from the start.
                Err(Trouble::Row(refusal)) if self.conn.is_autocommit() => {
                    return Ok(Pass::Spoiled(index, refusal));
                }
                Err(Trouble::Row(refusal)) => {
                    self.execute("ROLLBACK TO step")?;
                    writing.counters = before;
                    answers.push(Err(refusal));
                }
            }
            self.execute("RELEASE step")?;
        }
        Ok(Pass::Done(answers, writing.counters))
    }

    fn writing(&self) -> Writing<'_> {
        Writing {
            conn: &self.conn,
            schema: self.schema.read(),
            deployment: self.deployment.as_deref(),
            boundary: &self.boundary,
            counters: self.counters,
        }
    }

    fn end(&mut self, answers: Answers, counters: Counters) -> Result<Answers, CommitError> {
        if answers.iter().all(Result::is_err) {
            self.rollback()?;
            return Ok(answers);
        }
        gateway::advance(&self.conn, counters).map_err(crate::sqlite::fault::storage)?;
        self.commit_transaction()?;
        self.counters = counters;
        Ok(answers)
    }

    /// A transaction that a trigger has rolled back already is gone.
    pub(super) fn rollback(&self) -> Result<(), CommitError> {
        if self.conn.is_autocommit() {
            return Ok(());
        }
        self.execute("ROLLBACK")
    }
}
