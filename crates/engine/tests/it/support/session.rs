//! The workflow's side of a run: which frames it renders, which of them stand for others, and what functions see.

use std::collections::BTreeSet;

use smithers_model::NodeKey;
use smithers_model::fact::Fact;
use smithers_model::tree::{Kind, TaskBody, Tree, TreeBuilder};

use super::text;
use super::world::{Rows, World};

/// Distance between the callback numbers of two frames.
pub(super) const FRAME_STRIDE: u32 = 10_000;

/// Which frames a session says to stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// None.
    Never,
    /// Those without a function that is called before the next.
    WithoutCalls,
    /// Also those whose functions can be made to see more rows: none of them is under way.
    WithCalls,
}

/// The workflow's side: rows it was given and the number of frames it made.
#[derive(Clone, Default)]
pub(super) struct Session {
    pub(super) rows: Rows,
    pub(super) frames: u32,
    /// How many rows the newest frame was rendered from.
    pub(super) rendered: usize,
    /// Tasks that were started from the newest frame.
    pub(super) started: BTreeSet<NodeKey>,
}

impl World {
    pub(super) fn render_frame(&mut self) {
        if self.session.is_none() {
            self.state.session_opened();
            self.session = Some(Session::default());
        }
        let calls = self.state.calls_before_next_frame();
        let may_stand = self.state.has_frame() && self.may_stand(calls);
        let input = self.state.render_input();
        let session = self.session.as_mut().expect("opened above");
        for row in &input.new_rows {
            let name = text::name(&row.node);
            let before = session.rows.insert(name, row.payload.value());
            assert!(before.is_none(), "a session gets each row once");
        }
        let rendered = (self.render)(&session.rows, &input.iterations);
        let is_same = session.frames > 0 && rendered.as_ref().ok() == self.newest_tree.as_ref();
        let stands = may_stand && is_same;
        if !stands {
            session.frames += 1;
            session.started.clear();
        }
        if calls || !stands {
            session.rendered = session.rows.len();
        }
        let fact = match rendered {
            Ok(_) if stands => {
                self.stood += 1;
                Fact::FrameStands
            }
            Ok(tree) => {
                let fact = Fact::Rendered(with_callbacks(&tree, session.frames));
                self.newest_tree = Some(tree);
                fact
            }
            Err(error) => Fact::RenderFailed(error),
        };
        self.state
            .accept(fact, self.now)
            .expect("the frame was asked for");
    }

    /// Whether the session can make what it has stand.
    fn may_stand(&self, calls: bool) -> bool {
        let Some(session) = &self.session else {
            return false;
        };
        let is_at_work = session
            .started
            .iter()
            .any(|node| self.in_flight.contains_key(node));
        match self.standing {
            Standing::Never => false,
            Standing::WithoutCalls => !calls,
            Standing::WithCalls => !calls || !is_at_work,
        }
    }
}

/// Gives each compute task a callback number that names its frame.
fn with_callbacks(tree: &Tree, frame: u32) -> Tree {
    let mut copy = TreeBuilder::default();
    for root in tree.roots() {
        copy_element(tree, root, frame, &mut copy);
    }
    copy.finish()
}

fn copy_element(tree: &Tree, index: usize, frame: u32, copy: &mut TreeBuilder) {
    let element = &tree.elements()[index];
    let mut kind = element.kind.clone();
    if let Kind::Task(task) = &mut kind {
        let number = frame * FRAME_STRIDE + u32::try_from(index).expect("small trees");
        match &mut task.body {
            TaskBody::Compute(callback) | TaskBody::Answer(callback) => *callback = number,
            TaskBody::Event(spec) if spec.callback.is_some() => spec.callback = Some(number),
            _ => {}
        }
    }
    copy.open(kind, element.tag.clone(), element.props.clone());
    for child in tree.children(index) {
        copy_element(tree, child, frame, copy);
    }
    copy.close();
}
