//! Frames: when one is asked for, what it is rendered from, and what a rendered one changes (workflow-model 6).

use std::sync::Arc;

use smithers_model::Timestamp;
use smithers_model::error::ErrorInfo;
use smithers_model::event::Event;
use smithers_model::frame::{FrameRow, Trigger};
use smithers_model::run::RunStatus;
use smithers_model::step::RowChange;
use smithers_model::tree::{TaskSpec, Tree};
use smithers_model::workflow::RenderInput;

use crate::frame::Frame;
use crate::node::Node;
use crate::refusal::Refusal;
use crate::standing::only_waits;
use crate::state::RunState;

/// A frame that the run needs before it can go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderRequest {
    /// What leads to it; none after a start.
    pub trigger: Option<Trigger>,
    /// How many rows the session has got already.
    pub rows_from: usize,
}

impl RunState {
    /// Returns the frame that is needed before the step can go on; `None` when the run is about to be paused, when
    /// the step is to be committed first (it is full, or starts a task whose callback belongs to the frame before)
    /// or nothing is needed.
    /// The owner asks only while no step of the run is uncommitted outside this state.
    pub fn render_request(&self) -> Option<RenderRequest> {
        let trigger = self.renders.front().filter(|_| !self.is_pausing())?;
        let commit_first = self.open.is_full() || self.open.starts_a_task();
        (!commit_first).then(|| RenderRequest {
            trigger: trigger.clone(),
            rows_from: self.rows_given,
        })
    }

    /// Returns what the next frame is rendered from, with the rows that the session has not got.
    pub fn render_input(&mut self) -> RenderInput {
        let new_rows = self.rows[self.rows_given..].to_vec();
        self.rows_given = self.rows.len();
        let (iteration, iterations) = self.passes();
        RenderInput {
            run_id: self.run.run_id.clone(),
            input: self.run.input.clone(),
            auth: self.auth.clone(),
            continuation: self.continuation.clone(),
            iteration,
            iterations,
            patches: self.known_patches(),
            stale: self.stale_nodes(),
            new_rows,
        }
    }

    /// Says that the next frame is rendered by a new session, which has got no rows. When the run had a
    /// frame, its callbacks went with the old session, so a new frame comes before the next task.
    pub fn session_opened(&mut self) {
        self.rows_given = 0;
        let has_stale_frame = self.frame.is_some() && self.run.status == RunStatus::Running;
        if has_stale_frame && self.renders.is_empty() {
            self.renders.push_back(None);
        }
    }

    /// The frame that was asked for.
    pub(crate) fn rendered(&mut self, tree: Tree, now: Timestamp) -> Result<(), Refusal> {
        let trigger = self.awaited("Rendered")?;
        self.rows_rendered = self.rows_given;
        self.record_patches(tree.patches());
        match Frame::new(tree, trigger, &self.definition, self.frame.as_deref()) {
            Ok(frame) => self.mount(frame, now),
            Err(error) => self.fail(error, now),
        }
        Ok(())
    }

    /// The frame that was asked for is the newest one over again.
    pub(crate) fn frame_stands(&mut self, now: Timestamp) -> Result<(), Refusal> {
        let Some(last) = self.frame.clone() else {
            return Err(Refusal::Illegal {
                fact: "FrameStands",
                reason: "the run has no frame",
            });
        };
        let trigger = self.awaited("FrameStands")?;
        self.show(last.again(trigger), now);
        Ok(())
    }

    /// The frame that was asked for could not be rendered.
    pub(crate) fn render_failed(
        &mut self,
        error: ErrorInfo,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        self.awaited("RenderFailed")?;
        self.fail(error, now);
        Ok(())
    }

    fn awaited(&mut self, fact: &'static str) -> Result<Option<Trigger>, Refusal> {
        self.must_be_active()?;
        self.renders.pop_front().ok_or(Refusal::Illegal {
            fact,
            reason: "no frame was asked for",
        })
    }

    /// Makes what `frame` mounts known, then makes it the newest.
    fn mount(&mut self, frame: Frame, now: Timestamp) {
        let last = self.frame.clone();
        let is_known = last.is_some_and(|last| last.has_layout_of(&frame));
        for task in frame.tree.tasks() {
            if !is_known || task.skip_if {
                self.make_known(task, now);
            }
        }
        self.take_back_changed_questions(&frame, now);
        let is_stored = |last: &Arc<Frame>| last.has_content_of(&frame);
        if !self.frame.as_ref().is_some_and(is_stored) {
            self.open.weigh(frame.content.xml.len());
        }
        self.rename(frame.tree.workflow_name());
        self.note_undo(&frame);
        self.show(frame, now);
    }

    /// Makes `frame` the newest and stores it. All its tasks are known.
    fn show(&mut self, frame: Frame, now: Timestamp) {
        self.mount_loops(&frame, now);
        self.bind_tasks(&frame);
        self.store_frame(&frame, now);
        self.frame = Some(Arc::new(frame));
    }

    /// A task that is mounted for the first time is pending or skipped. Approvals and waits become known when their
    /// turn comes, unless they are bound: what they are bound to is remembered from now on.
    fn make_known(&mut self, task: &TaskSpec, now: Timestamp) {
        if self.nodes.contains_key(&task.node) {
            return;
        }
        if task.skip_if {
            self.leave_out(task, now);
        } else if self.take_over(task, now) {
            // It stays what it came to.
        } else if task.bind.is_some() || (task.approval.is_none() && !only_waits(task)) {
            let node = Node::new(task, now);
            self.open.put_node(node.row(&task.node));
            self.nodes.insert(task.node.clone(), node);
            self.open.event(Event::NodePending {
                node: task.node.clone(),
            });
        }
    }

    fn rename(&mut self, name: Option<&str>) {
        let Some(name) = name.filter(|&name| name != self.run.workflow_name) else {
            return;
        };
        self.run.workflow_name = name.into();
        self.open
            .update_run(|run| run.workflow_name = Some(name.into()));
    }

    fn store_frame(&mut self, frame: &Frame, now: Timestamp) {
        let frame_no = self.run.next_frame_no;
        self.run.next_frame_no += 1;
        self.open
            .update_run(|run| run.next_frame_no = Some(frame_no + 1));
        self.open.change(RowChange::PutFrame {
            frame: FrameRow {
                frame_no,
                created_at: now,
                tree_hash: frame.content.hash.clone(),
                trigger: frame.trigger.clone(),
            },
            tree: Arc::clone(&frame.content),
        });
        self.open.event(Event::FrameCommitted {
            frame_no,
            xml_hash: frame.xml_hash.clone(),
            trigger: frame.trigger.clone(),
        });
        self.open.transition();
    }
}
