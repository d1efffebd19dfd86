//! From the stored texts of a frame to its tree.

use std::collections::{HashMap, HashSet, VecDeque};
use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::node::{Node, NodeType, Task};
use super::{MAX_DEPTH, MAX_DEPTH_NAME, props};

/// What ends the part of a node id that its author has written.
const SCOPE: &str = "@@";

/// The tree of a frame without the states of its tasks; equal frames share one.
#[derive(Debug, Clone, PartialEq)]
pub struct Skeleton {
    root: Option<Bone>,
}

/// How a task stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Its newest iteration, from 0.
    pub iteration: u32,
    /// Its state, such as `in-progress`.
    pub state: &'static str,
    /// Its newest attempt; 0 before the first.
    pub attempt: u32,
    /// Its name for people.
    pub label: Option<Arc<str>>,
}

#[derive(Debug, Clone, PartialEq)]
struct Bone {
    id: u32,
    kind: NodeType,
    name: Arc<str>,
    props: Arc<Map<String, Value>>,
    task: Option<Entry>,
    children: Vec<Bone>,
}

/// An entry of the stored index of tasks.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    node_id: Arc<str>,
    #[serde(default)]
    iteration: u32,
    /// Frames of an older version do not tell it.
    #[serde(default)]
    kind: Option<Arc<str>>,
}

impl Skeleton {
    /// Reads the frame's XML as JSON, and its index of tasks.
    ///
    /// # Errors
    /// The texts are not those of a frame.
    pub fn read(xml: &str, task_index: &str) -> Result<Skeleton, serde_json::Error> {
        let mut reader = serde_json::Deserializer::from_str(xml);
        // The depth is bounded by the seed; what is below it is read over without recursion.
        reader.disable_recursion_limit();
        let raw = Seed { depth: 0 }.deserialize(&mut reader)?;
        reader.end()?;
        let entries: Vec<Entry> = serde_json::from_str(task_index)?;
        let mut builder = Builder::new(entries);
        let root = raw.map(|raw| builder.bone(raw, "", &mut HashMap::new()));
        Ok(Skeleton { root })
    }

    /// The tree, with what `known` says of each task.
    pub fn tree(&self, known: &dyn Fn(&str) -> Option<Known>) -> Node {
        match &self.root {
            Some(root) => root.node(0, known),
            None => Node::empty(),
        }
    }
}

impl Bone {
    fn node(&self, depth: u32, known: &dyn Fn(&str) -> Option<Known>) -> Node {
        let children = self.children.iter();
        Node {
            id: self.id,
            kind: self.kind,
            name: self.name.clone(),
            props: self.props.clone(),
            task: self.task.as_ref().map(|entry| task(entry, known)),
            children: children.map(|child| child.node(depth + 1, known)).collect(),
            depth,
        }
    }
}

fn task(entry: &Entry, known: &dyn Fn(&str) -> Option<Known>) -> Task {
    let known = known(&entry.node_id).unwrap_or(Known {
        iteration: entry.iteration,
        state: "pending",
        attempt: 0,
        label: None,
    });
    Task {
        node_id: entry.node_id.clone(),
        kind: entry.kind.clone().unwrap_or_else(|| "compute".into()),
        iteration: known.iteration,
        state: known.state,
        attempt: known.attempt,
        label: known.label,
    }
}

/// Gives elements their ids and tasks their entries.
struct Builder {
    ids: HashSet<u32>,
    entries: HashMap<String, VecDeque<Entry>>,
}

impl Builder {
    fn new(index: Vec<Entry>) -> Self {
        let mut entries = HashMap::<String, VecDeque<Entry>>::new();
        for entry in index {
            let written = entry.node_id.split(SCOPE).next().unwrap_or_default();
            entries
                .entry(written.to_owned())
                .or_default()
                .push_back(entry);
        }
        Self {
            ids: HashSet::new(),
            entries,
        }
    }

    /// `siblings` counts the fragments of those before it.
    fn bone(&mut self, raw: Raw, above: &str, siblings: &mut HashMap<String, u32>) -> Bone {
        let written = raw.prop("id").or_else(|| raw.prop("nodeId"));
        let fragment = match written {
            Some(id) => format!("{}#{id}", raw.tag),
            None => raw.tag.clone(),
        };
        let repeat = siblings.entry(fragment.clone()).or_default();
        let fragment = match *repeat {
            0 => fragment,
            n => format!("{fragment}[{n}]"),
        };
        *repeat += 1;
        let path = match above {
            "" => fragment,
            above => format!("{above}/{fragment}"),
        };
        let kind = NodeType::of(&raw.tag);
        let task = written.filter(|_| kind == NodeType::Task).and_then(|id| {
            let entries = self.entries.get_mut(id)?;
            entries.pop_front()
        });
        let name = match kind {
            NodeType::Workflow => raw.prop("name"),
            _ => None,
        };
        let name = name.unwrap_or_else(|| raw.tag.trim_start_matches("smithers:"));
        let mut inner = HashMap::new();
        let id = self.id(&path);
        Bone {
            id,
            kind,
            name: name.into(),
            task,
            children: raw
                .children
                .into_iter()
                .map(|child| self.bone(child, &path, &mut inner))
                .collect(),
            props: Arc::new(props::read(raw.props)),
        }
    }

    /// The number of a path that no other path of the tree has.
    fn id(&mut self, path: &str) -> u32 {
        let mut id = hash(path);
        let mut again = 0;
        while !self.ids.insert(id) {
            again += 1;
            id = hash(&format!("{path}\0{again}"));
        }
        id
    }
}

/// FNV-1a over UTF-16 units, 31 bits.
fn hash(path: &str) -> u32 {
    let units = path.encode_utf16();
    let hash = units.fold(0x811c_9dc5_u32, |hash, unit| {
        (hash ^ u32::from(unit)).wrapping_mul(0x0100_0193)
    });
    hash & 0x7fff_ffff
}

/// An element as it is stored.
struct Raw {
    tag: String,
    props: Vec<(String, String)>,
    children: Vec<Raw>,
}

impl Raw {
    fn too_deep() -> Raw {
        Raw {
            tag: MAX_DEPTH_NAME.to_owned(),
            props: Vec::new(),
            children: Vec::new(),
        }
    }

    fn prop(&self, name: &str) -> Option<&str> {
        let found = self.props.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// Reads an element, or nothing for texts and for the tree that has none.
#[derive(Clone, Copy)]
struct Seed {
    depth: u32,
}

impl<'de> DeserializeSeed<'de> for Seed {
    type Value = Option<Raw>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed {
    type Value = Option<Raw>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an element")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut raw = Raw {
            tag: String::new(),
            props: Vec::new(),
            children: Vec::new(),
        };
        while let Some(field) = map.next_key::<String>()? {
            match field.as_str() {
                "tag" => raw.tag = map.next_value()?,
                "props" => raw.props = map.next_value_seed(Props)?,
                "children" => raw.children = map.next_value_seed(Children(self))?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok((!raw.tag.is_empty()).then_some(raw))
    }
}

/// Reads what is inside the element of the seed.
struct Children(Seed);

impl<'de> DeserializeSeed<'de> for Children {
    type Value = Vec<Raw>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Children {
    type Value = Vec<Raw>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("elements")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut children = Vec::new();
        let depth = self.0.depth + 1;
        if depth >= MAX_DEPTH {
            while seq.next_element::<IgnoredAny>()?.is_some() {
                if children.is_empty() {
                    children.push(Raw::too_deep());
                }
            }
            return Ok(children);
        }
        while let Some(child) = seq.next_element_seed(Seed { depth })? {
            children.extend(child);
        }
        Ok(children)
    }
}

/// Reads properties in their order.
struct Props;

impl<'de> DeserializeSeed<'de> for Props {
    type Value = Vec<(String, String)>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Props {
    type Value = Vec<(String, String)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("properties")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut props = Vec::new();
        while let Some(prop) = map.next_entry()? {
            props.push(prop);
        }
        Ok(props)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INDEX: &str = r#"[{"nodeId":"a@@l=1","ordinal":0,"iteration":1,"kind":"static"},
        {"nodeId":"a@@l=2","ordinal":1,"iteration":0,"kind":"approval"}]"#;

    fn element(tag: &str, props: &str, children: &str) -> String {
        format!(
            r#"{{"kind":"element","tag":"smithers:{tag}","props":{{{props}}},"children":[{children}]}}"#
        )
    }

    #[test]
    fn a_frame_is_read_with_numbers_by_place_and_tasks_by_their_id() {
        let text = r#"{"kind":"text","text":"hi"}"#;
        let task = element("task", r#""id":"a","waitAsync":"false""#, text);
        let group = element("sequence", "", &format!("{task},{task}"));
        let root = element("workflow", r#""name":"w""#, &format!("{group},{group}"));
        let known = |node: &str| {
            (node == "a@@l=2").then(|| Known {
                iteration: 3,
                state: "finished",
                attempt: 2,
                label: Some("A".into()),
            })
        };
        let tree = Skeleton::read(&root, INDEX).unwrap().tree(&known);
        assert_eq!((tree.id, &*tree.name, tree.depth), (1_753_301_139, "w", 0));
        let [first, second] = tree.children.as_slice() else {
            panic!("two groups");
        };
        assert_eq!(first.id, 1_210_785_256, "as recorded");
        assert_ne!(first.id, second.id, "the same element in another place");
        let tasks: Vec<_> = first
            .children
            .iter()
            .map(|node| node.task.as_ref())
            .collect();
        let [Some(one), Some(other)] = tasks.as_slice() else {
            panic!("two tasks");
        };
        assert_eq!(
            (&*one.node_id, one.state, one.attempt),
            ("a@@l=1", "pending", 0)
        );
        assert_eq!(
            (&*other.kind, other.iteration, other.attempt),
            ("approval", 3, 2)
        );
        assert_eq!(first.children[0].props["waitAsync"], Value::Bool(false));
        assert!(second.children[0].task.is_none(), "the index has two tasks");
    }

    #[test]
    fn a_tree_is_cut_where_it_is_too_deep() {
        let mut xml = element("task", "", "");
        for _ in 0..5_000 {
            xml = element("sequence", "", &xml);
        }
        let tree = Skeleton::read(&xml, "[]").unwrap().tree(&|_| None);
        let mut deepest = &tree;
        while let Some(child) = deepest.children.first() {
            deepest = child;
        }
        assert_eq!((&*deepest.name, deepest.depth), (MAX_DEPTH_NAME, MAX_DEPTH));
    }

    #[test]
    fn a_run_whose_frame_is_empty_has_the_empty_tree() {
        let tree = Skeleton::read("null", "[]").unwrap().tree(&|_| None);
        assert_eq!(tree, Node::empty());
    }

    #[test]
    fn what_is_no_frame_is_refused() {
        assert!(Skeleton::read("{", "[]").is_err());
        assert!(Skeleton::read("null", "{}").is_err());
    }
}
