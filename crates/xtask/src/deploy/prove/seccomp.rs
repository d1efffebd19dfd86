//! The system call filter of the gateway's unit as a profile that the Docker engine applies.
//!
//! systemd is not needed to run under its filter: the groups are expanded by `systemd-analyze`.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::process;

/// Calls that `MemoryDenyWriteExecute` allows with some protections only.
const MAPPING_CALLS: [&str; 3] = ["mmap", "mprotect", "pkey_mprotect"];
/// Bits of a protection: writable, executable.
const WRITE: u64 = 2;
const EXECUTE: u64 = 4;

/// Groups of system calls by name, as listed; members may be groups.
type Groups = BTreeMap<String, Vec<String>>;

/// Returns the profile for the filter of `unit`.
pub(super) fn profile(unit: &str) -> Result<Value> {
    let mut list = Command::new("systemd-analyze");
    list.args(["syscall-filter", "--no-pager"]);
    let groups = parse_groups(&process::output(list)?);
    let mut allowed = BTreeSet::new();
    expand("@default", &groups, &mut allowed);
    for line in unit.lines() {
        let Some(names) = line.strip_prefix("SystemCallFilter=") else {
            continue;
        };
        let mut named = BTreeSet::new();
        for name in names.trim_start_matches('~').split_whitespace() {
            expand(name, &groups, &mut named);
        }
        if names.starts_with('~') {
            allowed.retain(|call| !named.contains(call));
        } else {
            allowed.extend(named);
        }
    }
    ensure!(
        allowed.contains("read") && !allowed.contains("ptrace"),
        "the groups of the filter are not understood"
    );
    Ok(of_calls(allowed))
}

fn of_calls(mut allowed: BTreeSet<String>) -> Value {
    for call in MAPPING_CALLS {
        allowed.remove(call);
    }
    // mmap: not writable and executable at once. mprotect: nothing becomes executable.
    let both = WRITE | EXECUTE;
    let with = |calls: &[&str], mask: u64, bits: u64| {
        let condition =
            json!({ "index": 2, "value": mask, "valueTwo": bits, "op": "SCMP_CMP_MASKED_EQ" });
        json!({ "names": calls, "action": "SCMP_ACT_ALLOW", "args": [condition] })
    };
    json!({
        "defaultAction": "SCMP_ACT_ERRNO",
        "syscalls": [
            { "names": allowed, "action": "SCMP_ACT_ALLOW" },
            with(&MAPPING_CALLS[..1], both, 0),
            with(&MAPPING_CALLS[..1], both, WRITE),
            with(&MAPPING_CALLS[..1], both, EXECUTE),
            with(&MAPPING_CALLS[1..], EXECUTE, 0),
        ],
    })
}

/// Reads groups whose members follow, indented; `#` starts a remark.
fn parse_groups(listed: &str) -> Groups {
    let mut groups = Groups::new();
    let mut current = String::new();
    for line in listed.lines() {
        let name = line.trim();
        if name.is_empty() || name.starts_with('#') {
            continue;
        }
        if line.starts_with(char::is_whitespace) {
            groups
                .entry(current.clone())
                .or_default()
                .push(name.to_owned());
        } else {
            current = name.to_owned();
        }
    }
    groups
}

fn expand(name: &str, groups: &Groups, calls: &mut BTreeSet<String>) {
    match groups.get(name) {
        Some(members) => members
            .iter()
            .for_each(|member| expand(member, groups, calls)),
        None => drop(calls.insert(name.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_expanded_through_groups() {
        let groups = parse_groups("# all\n@a\n    # about a\n    read\n    @b\n\n@b\n    write\n");
        let mut calls = BTreeSet::new();
        expand("@a", &groups, &mut calls);
        expand("futex", &groups, &mut calls);
        let calls: Vec<&str> = calls.iter().map(String::as_str).collect();
        assert_eq!(calls, ["futex", "read", "write"]);
    }
}
