//! What is stored of a tree: its XML as JSON, its tasks, and the hash that names them.

use serde::Serialize;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{Kind, Tree};
use crate::frame::TreeContent;

impl Tree {
    /// Returns the content to store for this tree.
    pub fn content(&self) -> TreeContent {
        let xml = self.to_xml();
        let mounted: Vec<String> = self.tasks().map(|task| task.node.to_string()).collect();
        let index: Vec<_> = self
            .tasks()
            .enumerate()
            .map(|(ordinal, task)| {
                let (id, iteration) = (&task.node.node_id, task.node.iteration);
                let kind = task.kind();
                json!({"nodeId": id, "ordinal": ordinal, "iteration": iteration, "kind": kind})
            })
            .collect();
        let mounted_tasks = text_of(&mounted);
        let mut hash = Sha256::new_with_prefix(xml.as_bytes());
        if self.has_later_pass() {
            hash.update(mounted_tasks.as_bytes());
        }
        TreeContent {
            hash: hex::encode(hash.finalize()),
            xml,
            mounted_tasks,
            task_index: text_of(&index),
        }
    }

    /// Returns whether a task is in a later pass of its loop than the first. The XML of such trees may be equal
    /// while their tasks are not.
    pub fn has_later_pass(&self) -> bool {
        self.tasks().any(|task| task.node.iteration > 0)
    }

    /// The frame XML as JSON: `{kind, tag, props, children}`, several roots inside a fragment.
    fn to_xml(&self) -> String {
        let mut out = String::with_capacity(self.elements.len() * 96);
        let several = self.roots().nth(1).is_some();
        if several {
            out.push_str(r#"{"kind":"element","tag":"smithers:fragment","props":{},"children":["#);
        }
        for (n, root) in self.roots().enumerate() {
            if n > 0 {
                out.push(',');
            }
            self.write_xml(root, &mut out);
        }
        if several {
            out.push_str("]}");
        }
        if self.elements.is_empty() {
            out.push_str("null");
        }
        out
    }

    fn write_xml(&self, index: usize, out: &mut String) {
        let element = &self.elements[index];
        if let Kind::Text(text) = &element.kind {
            out.push_str(r#"{"kind":"text","text":"#);
            out.push_str(&text_of(text));
            out.push('}');
            return;
        }
        out.push_str(r#"{"kind":"element","tag":"#);
        out.push_str(&text_of(&element.tag));
        out.push_str(r#","props":{"#);
        for (n, (name, value)) in element.props.iter().enumerate() {
            out.push_str(if n > 0 { "," } else { "" });
            out.push_str(&text_of(name));
            out.push(':');
            out.push_str(&text_of(value));
        }
        out.push_str(r#"},"children":["#);
        let shown = |child: &usize| !matches!(self.elements[*child].kind, Kind::Deferred { .. });
        for (n, child) in self.children(index).filter(shown).enumerate() {
            if n > 0 {
                out.push(',');
            }
            self.write_xml(child, out);
        }
        out.push_str("]}");
    }
}

fn text_of<T: Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).expect("texts, numbers and maps with text keys serialise")
}
