//! `--filter-output`: the members that are wanted, and nothing else.

use serde_json::{Map, Value};

/// Keeps the members at `paths`; one path that leads to one plain value gives that value.
pub(super) fn apply(value: Value, paths: &[String]) -> Value {
    let paths: Vec<Vec<&str>> = paths
        .iter()
        .map(|path| path.trim())
        .filter(|path| !path.is_empty())
        .map(|path| path.split('.').collect())
        .collect();
    match paths.as_slice() {
        [] => value,
        [path] => match find(&value, path) {
            Some(found) if !found.is_object() && !found.is_array() => found.clone(),
            _ => keep(&value, &paths),
        },
        _ => keep(&value, &paths),
    }
}

fn find<'a>(value: &'a Value, path: &[&str]) -> Option<&'a Value> {
    path.iter().try_fold(value, |value, key| value.get(key))
}

/// Keeps what `paths` lead to; a list is filtered item by item.
fn keep(value: &Value, paths: &[Vec<&str>]) -> Value {
    match value {
        Value::Array(items) => items.iter().map(|item| keep(item, paths)).collect(),
        Value::Object(members) => {
            let kept = members
                .iter()
                .filter_map(|(key, member)| Some((key.clone(), keep_member(key, member, paths)?)));
            Value::Object(kept.collect::<Map<_, _>>())
        }
        plain => plain.clone(),
    }
}

fn keep_member(key: &str, member: &Value, paths: &[Vec<&str>]) -> Option<Value> {
    let below: Vec<Vec<&str>> = paths
        .iter()
        .filter(|path| path.first() == Some(&key))
        .map(|path| path[1..].to_vec())
        .collect();
    if below.iter().any(Vec::is_empty) {
        return Some(member.clone());
    }
    let can_go_on = member.is_object() || member.is_array();
    (can_go_on && !below.is_empty()).then(|| keep(member, &below))
}
