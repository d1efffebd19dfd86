//! The walk itself: from what a workflow returned down to its tasks, in document order.

use std::collections::BTreeMap;
use std::ffi::c_void;
use std::mem;
use std::ptr;
use std::sync::Arc;

use rquickjs::{Ctx, Error, Object, Value};
use smithers_model::Iteration;
use smithers_model::tree::{Kind, MAX_DEPTH, Node, Tree, TreeBuilder};

use super::marks::Marks;
use super::memory::{Memory, Seen};
use super::names::Names;
use super::node::NodeReader;
use super::place::{Occupant, Place};
use super::raw::{self, Name, Sort, Text};
use super::task::{duplicate, plain_groups};
use super::{Describe, Outcome, WalkError};
use crate::runtime::guard::Guard;
use crate::runtime::shared::Shared;

/// Deepest nesting of elements and lists.
const DEEPEST: u32 = 1000;
/// Most elements of a frame.
const MOST_ELEMENTS: usize = 500_000;
/// Most text between the elements of a frame, bytes.
const MOST_TEXT: usize = 64 << 20;
/// How many values are read between two looks at the deadline.
const VALUES_A_LOOK: u32 = 1024;

/// What a walk needs.
pub(in crate::runtime) struct Tools<'a, 'js> {
    pub(in crate::runtime) ctx: &'a Ctx<'js>,
    pub(in crate::runtime) host: &'a Object<'js>,
    pub(in crate::runtime) names: &'a Names,
    pub(in crate::runtime) guard: &'a Guard,
    pub(in crate::runtime) shared: &'a Shared,
    pub(in crate::runtime) describe: Describe<'a, 'js>,
    /// Where the engine keeps what it remembers of positions.
    pub(in crate::runtime) fibers: Value<'js>,
    /// Where properties of plain tasks with a function go.
    pub(in crate::runtime) plain: Value<'js>,
    /// What the frame is made from.
    pub(in crate::runtime) context: Value<'js>,
    /// Numbers of the reads of rows that it made.
    pub(in crate::runtime) trail: Value<'js>,
    /// Numbers of the reads that would find more than before.
    pub(in crate::runtime) changed: Vec<u32>,
    /// The passes of loops.
    pub(in crate::runtime) passes: (Iteration, &'a BTreeMap<String, Iteration>),
}

/// Reads what a workflow returned into a tree.
pub(in crate::runtime) fn read_tree<'js>(
    tools: Tools<'_, 'js>,
    root: Value<'js>,
    memory: &mut Memory,
) -> Result<Tree, WalkError> {
    let mut place = mem::take(&mut memory.root);
    let read = Walk::new(tools, memory).and_then(|mut walk| {
        walk.expand(root, &mut place, 0)?;
        Ok((walk.tree.finish(), walk.keeps))
    });
    memory.root = place;
    let (tree, keeps) = read?;
    memory.size = tree.elements().len();
    if keeps {
        memory.tree = tree.clone();
        memory.tree_frame = memory.frame;
    }
    Ok(tree)
}

/// A walk under way.
pub(super) struct Walk<'a, 'js> {
    pub(super) tools: Tools<'a, 'js>,
    pub(super) marks: Marks<'js>,
    pub(super) memory: &'a mut Memory,
    /// Nodes of groups that say nothing.
    pub(super) groups: [Arc<Node>; 2],
    /// How many contexts around say something of the tasks below.
    pub(super) scoped: u32,
    /// How many plain tasks with a function there are.
    pub(super) plain_callbacks: u32,
    /// Whether objects have only the properties they were made with.
    pub(super) reads_plain: bool,
    /// Room for the names of an object.
    pub(super) found: Vec<Name>,
    /// How many contexts are around.
    pub(super) provided: u32,
    /// How much there was that no later frame may take over.
    pub(super) particular: u64,
    /// Whether a later frame may take over something.
    pub(super) keeps: bool,
    /// When the plain tasks were seen, in their order.
    pub(super) tasks: Vec<Seen>,
    pub(super) tree: TreeBuilder,
    pub(super) depth: u32,
    text: usize,
    read: u32,
}

impl<'a, 'js> Walk<'a, 'js> {
    fn new(tools: Tools<'a, 'js>, memory: &'a mut Memory) -> Outcome<Self> {
        let (iteration, passes) = tools.passes;
        memory.begin(iteration, passes);
        let changed = tools.changed.iter().map(|read| (*read, memory.frame));
        memory.changed.extend(changed);
        *tools.shared.path.borrow_mut() = Default::default();
        let marks = Marks::of(tools.host)?;
        let mut found = Vec::new();
        raw::own_names(&marks.object, &mut found)?;
        Ok(Self {
            groups: plain_groups(),
            scoped: 0,
            plain_callbacks: 0,
            reads_plain: found.is_empty(),
            found,
            provided: 0,
            particular: 0,
            keeps: false,
            tasks: Vec::new(),
            tree: TreeBuilder::default(),
            depth: 0,
            text: 0,
            read: 0,
            tools,
            marks,
            memory,
        })
    }

    /// Renders `value` as the child with `index` below `parent`.
    fn expand(&mut self, value: Value<'js>, parent: &mut Place, index: u32) -> Outcome<()> {
        self.look_at_the_clock()?;
        match raw::sort(&value) {
            Sort::Nothing => Ok(()),
            Sort::String | Sort::Number => self.show(&value),
            Sort::Object if raw::is_list(&value) => {
                let place = parent.at(index);
                if place.occupant != Occupant::List {
                    self.settle(place, Occupant::List)?;
                }
                self.deeper(|walk| walk.list(&value, place))
            }
            Sort::Object
                if raw::is_plain(&value) && raw::is_made_by(&value, &self.marks.element) =>
            {
                self.element(&value, parent, index)
            }
            Sort::Object if raw::is_plain(&value) && raw::is_made_by(&value, &self.marks.node) => {
                self.host_node(&value, parent)
            }
            Sort::Object | Sort::Other => self.unusual(value, parent, index),
        }
    }

    /// Stops a walk that takes too long, as the engine stops code.
    fn look_at_the_clock(&mut self) -> Outcome<()> {
        self.read = self.read.wrapping_add(1);
        match self.read.is_multiple_of(VALUES_A_LOOK) && self.tools.guard.poll() {
            true => Err(Error::Exception.into()),
            false => Ok(()),
        }
    }

    fn deeper(&mut self, walk: impl FnOnce(&mut Self) -> Outcome<()>) -> Outcome<()> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(WalkError::rule(
                "INVALID_INPUT",
                format!("elements are nested deeper than {DEEPEST}"),
            ));
        }
        walk(self)?;
        self.depth -= 1;
        Ok(())
    }

    fn list(&mut self, list: &Value<'js>, place: &mut Place) -> Outcome<()> {
        for index in 0..raw::length(list)? {
            self.expand(raw::item(list, index)?, place, index)?;
        }
        Ok(())
    }

    /// A value that is no plain list, element or node: one in disguise, something to go through, or a mistake.
    fn unusual(&mut self, value: Value<'js>, parent: &mut Place, index: u32) -> Outcome<()> {
        self.particular += 1;
        let unwrapped: Value<'js> = self.marks.list.call((value.clone(),))?;
        if unwrapped != value {
            return self.deeper(|walk| walk.expand(unwrapped, parent, index));
        }
        match self.marks.is_node.call((value.clone(),))? {
            true => self.host_node(&value, parent),
            false => self.element(&value, parent, index),
        }
    }

    fn show(&mut self, value: &Value<'js>) -> Outcome<()> {
        let text = match Text::of(value)? {
            Some(text) => (*text).to_owned(),
            None => value.get()?,
        };
        self.text += text.len();
        if self.text > MOST_TEXT {
            let message = format!("the texts of a frame are longer than {MOST_TEXT} bytes");
            return Err(WalkError::rule("INVALID_INPUT", message));
        }
        self.make_room()?;
        self.tree.text(text);
        Ok(())
    }

    pub(super) fn make_room(&self) -> Outcome<()> {
        match self.tree.len() <= MOST_ELEMENTS {
            true => Ok(()),
            false => Err(WalkError::rule(
                "INVALID_INPUT",
                format!("a frame has more than {MOST_ELEMENTS} elements"),
            )),
        }
    }

    fn element(&mut self, element: &Value<'js>, parent: &mut Place, index: u32) -> Outcome<()> {
        let names = self.tools.names;
        let key = raw::property(element, names.key)?;
        let place = match raw::sort(&key) {
            Sort::String => match Text::of(&key)? {
                Some(key) => parent.keyed(&key),
                None => parent.at(index),
            },
            _ => parent.at(index),
        };
        let component = raw::property(element, names.element_type)?;
        let props = raw::property(element, names.props)?;
        self.deeper(|walk| {
            if component.is_function() {
                walk.component(component, props, place)
            } else if raw::sort(&component) == Sort::String {
                walk.tag(component, props, place)
            } else if ptr::eq(raw::address(&component), walk.marks.fragment) {
                walk.move_in(place, &component)?;
                walk.expand(raw::property(&props, names.children)?, place, 0)
            } else {
                walk.provide(component, &props, place)
            }
        })
    }

    fn component(
        &mut self,
        component: Value<'js>,
        props: Value<'js>,
        place: &mut Place,
    ) -> Outcome<()> {
        let address = raw::address(&component);
        self.move_in(place, &component)?;
        if ptr::eq(address, self.marks.task) && self.plain_task(&props, place)? {
            return Ok(());
        }
        if let Some(group) = self.plain_group(address, &props)? {
            let inner = raw::property(&props, self.tools.names.children)?;
            return self.place(group, inner, place);
        }
        let fiber = self.fiber(place, &component)?;
        if self.take_over(&fiber, &props, place)? {
            return Ok(());
        }
        let start = self.start()?;
        let made = self.marks.call.call((fiber, component, props))?;
        self.expand(made, place, 0)?;
        self.keep(&start, place)
    }

    fn tag(&mut self, tag: Value<'js>, props: Value<'js>, place: &mut Place) -> Outcome<()> {
        let name: String = tag.get()?;
        let occupant = Occupant::Tag(name.into());
        if place.occupant != occupant {
            self.settle(place, occupant)?;
        }
        let node: Value<'js> = self.marks.tag.call((tag, props))?;
        self.host_node(&node, place)
    }

    fn provide(
        &mut self,
        provider: Value<'js>,
        props: &Value<'js>,
        place: &mut Place,
    ) -> Outcome<()> {
        let names = self.tools.names;
        let context: Object<'js> = self.marks.provided.call((provider.clone(),))?;
        self.move_in(place, &provider)?;
        let outer = raw::property(&context, names.current)?;
        let inner = raw::property(props, names.value)?;
        let children = raw::property(props, names.children)?;
        let is_scope = self.marks.scopes.contains(&raw::address(&context));
        context.set("current", inner)?;
        self.scoped += u32::from(is_scope);
        self.provided += 1;
        let done = self.expand(children, place, 0);
        self.provided -= 1;
        self.scoped -= u32::from(is_scope);
        context.set("current", outer)?;
        done
    }

    /// Puts a host node in its place and expands what is inside it.
    fn host_node(&mut self, node: &Value<'js>, place: &mut Place) -> Outcome<()> {
        self.particular += 1;
        let reader = NodeReader {
            names: self.tools.names,
            describe: self.tools.describe,
        };
        let read = reader.read(node)?;
        if let Kind::Task(task) = &read.kind {
            let id = &task.node.node_id;
            if self.memory.seen(id).replace(self.memory.frame) == self.memory.frame {
                return Err(duplicate(id.as_str()));
            }
        }
        let inner = raw::property(node, self.tools.names.inner)?;
        self.place(Arc::new(read), inner, place)
    }

    /// Adds `node` with what `inner` comes to.
    fn place(&mut self, node: Arc<Node>, inner: Value<'js>, place: &mut Place) -> Outcome<()> {
        self.open(node)?;
        self.tools.shared.path.borrow_mut().enter();
        self.expand(inner, place, 0)?;
        self.tools.shared.path.borrow_mut().leave();
        self.tree.close();
        Ok(())
    }

    /// Adds `node` with nothing inside it.
    pub(super) fn leaf(&mut self, node: Arc<Node>) -> Outcome<()> {
        self.open(node)?;
        self.tree.close();
        Ok(())
    }

    fn open(&mut self, node: Arc<Node>) -> Outcome<()> {
        self.make_room()?;
        if self.tree.depth() >= MAX_DEPTH {
            let message = format!("elements are nested deeper than {MAX_DEPTH}");
            return Err(WalkError::rule("INVALID_INPUT", message));
        }
        if !matches!(node.kind, Kind::Deferred { .. }) {
            self.tools.shared.path.borrow_mut().step();
        }
        self.tree.open_shared(node);
        Ok(())
    }

    /// Gives `place` to `occupant` unless it is there already.
    fn move_in(&mut self, place: &mut Place, occupant: &Value<'js>) -> Outcome<()> {
        let address = raw::address(occupant);
        if place.is_of(address) {
            return Ok(());
        }
        self.settle(place, Occupant::Type(address))?;
        if !self.is_built_in(address) {
            // From here on the fiber holds it, so that its address is that of no other.
            self.fiber(place, occupant)?;
        }
        Ok(())
    }

    fn is_built_in(&self, address: *const c_void) -> bool {
        let Marks {
            task,
            sequence,
            parallel,
            fragment,
            ..
        } = self.marks;
        [task, sequence, parallel, fragment].contains(&address)
    }

    fn settle(&mut self, place: &mut Place, occupant: Occupant) -> Outcome<()> {
        let free = self.memory.spare.len();
        place.give_to(occupant, &mut self.memory.spare);
        for number in &self.memory.spare[free..] {
            let nothing = Value::new_undefined(self.tools.ctx.clone());
            raw::set_item(&self.tools.fibers, *number, nothing)?;
        }
        Ok(())
    }

    /// The memory of `place` in the engine.
    fn fiber(&mut self, place: &mut Place, occupant: &Value<'js>) -> Outcome<Value<'js>> {
        if let Some(number) = place.fiber {
            return Ok(raw::item(&self.tools.fibers, number)?);
        }
        let fiber: Value<'js> = self.marks.fiber.call((occupant.clone(),))?;
        let number = self.memory.spare.pop().unwrap_or(self.memory.fibers);
        raw::set_item(&self.tools.fibers, number, fiber.clone())?;
        self.memory.fibers = self.memory.fibers.max(number + 1);
        place.fiber = Some(number);
        Ok(fiber)
    }
}
