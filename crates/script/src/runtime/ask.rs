//! What the result of a coming call depends on: asked of its body, which is kept for the call.

use std::rc::Rc;

use serde::Deserialize;
use smithers_model::NodeKey;
use smithers_model::cache::CacheRequest;
use tokio::sync::oneshot;

use super::ScriptRuntime;
use super::exception::Halt;
use super::sessions::Seen;
use super::shared::Work;

/// A question about a coming call.
pub(crate) struct CallQuestion {
    /// Names the question, unique in the process.
    pub(crate) id: u64,
    pub(crate) session: u64,
    pub(crate) node: NodeKey,
    pub(crate) attempt: u32,
    pub(crate) callback: u32,
    /// As of a [`CallStart`](super::CallStart).
    pub(crate) rows: Option<Seen>,
    /// None when the session is not open in the runtime.
    pub(crate) reply: oneshot::Sender<Option<Dependence>>,
}

/// What a result depends on; none when it cannot be told, or nobody wants to know.
pub(crate) type Dependence = Option<CacheRequest>;

/// The answer of the script.
#[derive(Deserialize)]
#[serde(untagged)]
enum Told {
    Request(Box<CacheRequest>),
    Nothing { problem: Option<String> },
}

impl ScriptRuntime {
    /// Answers a question about a task of the newest frame of its session.
    pub(crate) fn ask_call(&mut self, question: CallQuestion) {
        let Some(state) = self.sessions.get(&question.session) else {
            let _ = question.reply.send(None);
            return;
        };
        let work = Rc::new(Work {
            run_id: Some(state.run_id.clone()),
            ..Work::default()
        });
        let told = self.told_of(&work, &question);
        self.after(&work);
        let run = work.run_id.as_ref().map(tracing::field::display);
        let CallQuestion {
            node,
            attempt,
            reply,
            ..
        } = question;
        let dependence = match told {
            Ok(Told::Request(request)) => Some(*request),
            Ok(Told::Nothing { problem: None }) => None,
            Ok(Told::Nothing {
                problem: Some(problem),
            }) => {
                tracing::warn!(run.id = run, node.id = %node.node_id, attempt, problem, "the result of the task is not cached: what it depends on cannot be told");
                None
            }
            Err(halt) => {
                let error = self.error_of(halt, "TASK_TIMEOUT", self.limits.slice);
                tracing::warn!(run.id = run, node.id = %node.node_id, attempt, error = %error.message, "the result of the task is not cached: what it depends on cannot be told");
                None
            }
        };
        // Nobody waits any more when the run was closed meanwhile.
        let _ = reply.send(Some(dependence));
    }

    fn told_of(&mut self, work: &Rc<Work>, question: &CallQuestion) -> Result<Told, Halt> {
        if let Some(seen) = &question.rows {
            self.feed_rows(work, question.session, &seen.rows)?;
        }
        let arguments = (
            question.session as f64,
            // As a whole number it would become a negative one from 2^31 on.
            f64::from(question.callback),
            question.node.node_id.as_str(),
            vec![question.node.iteration, question.attempt],
            question.rows.as_ref().map_or(0, |seen| seen.count),
        );
        let limit = self.limits.slice;
        let text: String = self.engine.call(work, limit, "askCall", arguments)?;
        let unreadable = |error: serde_json::Error| Told::Nothing {
            problem: Some(error.to_string()),
        };
        Ok(serde_json::from_str(&text).unwrap_or_else(unreadable))
    }

    /// Lets go of a body that was kept for a call which does not come.
    pub(super) fn forget_asked(&mut self, session: u64, node: &NodeKey, attempt: u32) {
        if !self.sessions.contains_key(&session) {
            return;
        }
        let work = Rc::new(Work::default());
        let limit = self.limits.slice;
        let name = node.node_id.as_str();
        let arguments = (session as f64, name, node.iteration, attempt);
        let forgotten = self
            .engine
            .call::<_, ()>(&work, limit, "forgetAsked", arguments);
        if let Err(halt) = forgotten {
            self.error_of(halt, "TASK_TIMEOUT", limit);
        }
    }
}
