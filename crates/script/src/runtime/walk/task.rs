//! Plain tasks and groups: what they say is read from their properties, without calling their components.
//!
//! A task is plain when it has an id, an output table and a body, and nothing else, and when nothing around it adds
//! to it. Anything else is left to the component (`js/task.mjs`), which must say the same of a plain task.

use std::ffi::c_void;
use std::ptr;
use std::rc::Rc;
use std::sync::Arc;

use rquickjs::Value;
use smithers_model::NodeKey;
use smithers_model::error::ErrorInfo;
use smithers_model::json::RawJson;
use smithers_model::tree::{Kind, Node, ParallelSpec, TaskBody, TaskSpec};

use super::expand::Walk;
use super::flat::Flat;
use super::memory::Seen;
use super::node::PLAIN_RETRY;
use super::place::Place;
use super::raw::{self, Sort, Text};
use super::{Outcome, WalkError};

/// Callbacks from here on are those of plain tasks (`js/frame.mjs`).
const PLAIN_CALLBACKS: u32 = 1 << 31;

/// A plain task as the newest frame showed it.
#[derive(Debug)]
pub(super) struct PlainTask {
    node: Arc<Node>,
    seen: Seen,
    /// Address of what stands for its table.
    output: *const c_void,
    /// What its value was when its text was written.
    value: Option<Flat>,
}

impl PlainTask {
    fn spec(&self) -> &TaskSpec {
        match &self.node.kind {
            Kind::Task(spec) => spec,
            _ => unreachable!("it is made with a task"),
        }
    }

    fn is(&self, id: &str, output: *const c_void) -> bool {
        ptr::eq(self.output, output) && self.spec().node.node_id.as_str() == id
    }

    /// Gives it another body; the node is shared with the frame before when that is the same.
    fn set_body(&mut self, body: TaskBody) {
        if self.spec().body == body {
            return;
        }
        let spec = TaskSpec {
            body,
            ..self.spec().clone()
        };
        self.node = task_node(spec);
    }
}

fn task_node(spec: TaskSpec) -> Arc<Node> {
    let id = spec.node.node_id.to_string();
    let props = vec![
        ("id".to_owned(), id),
        ("waitAsync".to_owned(), "false".to_owned()),
    ];
    Arc::new(Node::new(
        Kind::Task(Box::new(spec)),
        "smithers:task",
        props,
    ))
}

/// What the properties of a plain task say.
struct Said<'js> {
    id: Text<'js>,
    /// What stands for its table.
    output: *const c_void,
    table: Arc<str>,
    children: Value<'js>,
}

impl<'js> Walk<'_, 'js> {
    /// Reads a task when it is plain. False leaves it to its component.
    pub(super) fn plain_task(&mut self, props: &Value<'js>, place: &mut Place) -> Outcome<bool> {
        if self.scoped > 0 {
            return Ok(false);
        }
        let Some(said) = self.said(props)? else {
            return Ok(false);
        };
        let known = place
            .task
            .take()
            .filter(|task| task.is(&said.id, said.output));
        let mut task = known.unwrap_or_else(|| self.new_task(&said));
        if task.seen.replace(self.memory.frame) == self.memory.frame {
            return Err(duplicate(&said.id));
        }
        if said.children.is_function() {
            let index = self.plain_callbacks;
            raw::set_item(&self.tools.plain, index, props.clone())?;
            self.plain_callbacks += 1;
            self.particular += 1;
            task.set_body(TaskBody::Compute(PLAIN_CALLBACKS | index));
            task.value = None;
        } else {
            self.static_body(&mut task, &said)?;
        }
        self.tasks.push(Rc::clone(&task.seen));
        self.leaf(Arc::clone(&task.node))?;
        place.task = Some(task);
        Ok(true)
    }

    /// What `props` say; none when they are not those of a plain task.
    fn said(&mut self, props: &Value<'js>) -> Outcome<Option<Said<'js>>> {
        let names = self.tools.names;
        if !self.has_only(props, |name| {
            name == names.id || name == names.output || name == names.children
        })? {
            return Ok(None);
        }
        let id = raw::property(props, names.id)?;
        if raw::sort(&id) != Sort::String {
            return Ok(None);
        }
        let Some(id) = Text::of(&id)?.filter(|id| !id.is_empty()) else {
            return Ok(None);
        };
        let output = raw::property(props, names.output)?;
        if raw::sort(&output) != Sort::Object {
            return Ok(None);
        }
        Ok(Some(Said {
            id,
            output: raw::address(&output),
            table: self.table(output)?,
            children: raw::property(props, names.children)?,
        }))
    }

    /// Whether `props` is a plain object whose names are all `allowed`.
    pub(super) fn has_only(
        &mut self,
        props: &Value<'js>,
        allowed: impl Fn(raw::Name) -> bool,
    ) -> Outcome<bool> {
        if !self.reads_plain || !raw::is_plain(props) || !raw::is_made_by(props, &self.marks.object)
        {
            return Ok(false);
        }
        raw::own_names(props, &mut self.found)?;
        Ok(self.found.iter().all(|name| allowed(*name)))
    }

    /// The key of the table that `output` stands for.
    fn table(&mut self, output: Value<'js>) -> Outcome<Arc<str>> {
        let address = raw::address(&output);
        if let Some(table) = self.memory.tables.get(&address) {
            return Ok(Arc::clone(table));
        }
        let table: String = self.marks.table.call((output,))?;
        let table: Arc<str> = table.into();
        self.memory.tables.insert(address, Arc::clone(&table));
        Ok(table)
    }

    fn new_task(&mut self, said: &Said<'js>) -> Box<PlainTask> {
        let spec = TaskSpec {
            node: NodeKey::new(&*said.id, 0),
            label: None,
            output_table: said.table.to_string(),
            skip_if: false,
            depends_on: Vec::new(),
            priority: 0,
            body: TaskBody::Decision,
            approval: None,
            continue_on_fail: false,
            quarantine: false,
            side_effect: None,
            worktree: None,
            bind: None,
            aspects: None,
            scorers: Vec::new(),
            by_agent: false,
            cached: false,
            retry: PLAIN_RETRY,
        };
        Box::new(PlainTask {
            seen: self.memory.seen(&spec.node.node_id),
            node: task_node(spec),
            output: said.output,
            value: None,
        })
    }

    /// Gives `task` the value it stores, unless it is stored already.
    fn static_body(&mut self, task: &mut PlainTask, said: &Said<'js>) -> Outcome<()> {
        if task.spec().body == TaskBody::Static(None) {
            return Ok(());
        }
        if self.memory.has_row(&said.table, &said.id) {
            task.set_body(TaskBody::Static(None));
            task.value = None;
            return Ok(());
        }
        let object = &self.marks.object;
        if let Some(known) = &task.value {
            let equals = known.equals(&said.children, object, &mut self.found);
            if self.quietly(equals)? == Some(true) {
                return Ok(());
            }
        }
        let payload = self.payload(said)?;
        task.value = match payload {
            Ok(_) => {
                let held = &mut *self.tools.names.held.borrow_mut();
                let copy = Flat::of(&said.children, object, held);
                self.quietly(copy)?.flatten()
            }
            Err(_) => {
                self.particular += 1;
                None
            }
        };
        task.set_body(TaskBody::Static(Some(payload)));
        Ok(())
    }

    /// The value of a static task as checked text, or why it is none.
    fn payload(&self, said: &Said<'js>) -> Outcome<Result<RawJson, ErrorInfo>> {
        let arguments = (said.children.clone(), &*said.table, &*said.id);
        match self.marks.payload.call::<_, String>(arguments) {
            Ok(text) => Ok(Ok(RawJson::trusted(text))),
            Err(error) if error.is_exception() && !self.tools.guard.tripped() => {
                Ok(Err((self.tools.describe)(self.tools.ctx.catch())))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// A look at a value whose own code may throw: what it throws says only that nothing is known of the value.
    fn quietly<T>(&self, looked: rquickjs::Result<T>) -> Outcome<Option<T>> {
        match looked {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.is_exception() && !self.tools.guard.tripped() => {
                drop(self.tools.ctx.catch());
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The node of a group that says nothing but what is in it, by the address of its component.
    pub(super) fn plain_group(
        &mut self,
        component: *const c_void,
        props: &Value<'js>,
    ) -> Outcome<Option<Arc<Node>>> {
        let group = match component {
            _ if ptr::eq(component, self.marks.sequence) => &self.groups[0],
            _ if ptr::eq(component, self.marks.parallel) => &self.groups[1],
            _ => return Ok(None),
        };
        let group = Arc::clone(group);
        let children = self.tools.names.children;
        Ok(self
            .has_only(props, |name| name == children)?
            .then_some(group))
    }
}

/// The nodes of groups that say nothing: a sequence and a parallel.
pub(super) fn plain_groups() -> [Arc<Node>; 2] {
    let parallel = Kind::Parallel(ParallelSpec::default());
    [
        Arc::new(Node::new(Kind::Sequence, "smithers:sequence", Vec::new())),
        Arc::new(Node::new(parallel, "smithers:parallel", Vec::new())),
    ]
}

/// Two tasks of one frame have the same id.
pub(super) fn duplicate(id: &str) -> WalkError {
    WalkError::rule("DUPLICATE_ID", format!("two tasks have the id \"{id}\""))
}
