//! Fuzz targets of the module graph: whatever a file holds, reading it ends with a graph or an error.

use std::fs;
use std::path::Path;

use smithers_testkit::fuzz::drive;

use super::computed::joined;
use super::resolve::{FileResolver, Package, Style};
use super::transform::{transform, transform_mdx};
use super::{bounds, commonjs, json};
use crate::options::Limits;

const JSX: &str = "smithers-orchestrator";

/// What a reader would hand to the parser: text within the bounds.
fn code(input: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(input).into_owned();
    bounds::problem(&text, Limits::default().bracket_depth)
        .is_none()
        .then_some(text)
}

fn mdx(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let _ = transform_mdx("a.mdx", &text, JSX, Limits::default().bracket_depth);
}

fn module(input: &[u8]) {
    let Some(text) = code(input) else { return };
    let _ = transform("a.tsx", &text, JSX, Package::Own);
    let _ = transform("a.js", &text, JSX, Package::CommonJs);
    let _ = commonjs::read("a.cjs", &text);
}

fn data(input: &[u8]) {
    let _ = json::transform_json("a.json", &String::from_utf8_lossy(input));
}

/// The input is package.json and tsconfig.json of a project.
fn manifest(input: &[u8], folder: &Path) {
    for name in [
        "tsconfig.json",
        "package.json",
        "node_modules/p/package.json",
    ] {
        fs::write(folder.join(name), input).unwrap();
    }
    let resolver = FileResolver::new(folder);
    for specifier in ["./a", "p", "p/a.js", "#a", "~/a"] {
        for style in [Style::Import, Style::Require] {
            let _ = resolver.resolve(&folder.join("gateway.tsx"), specifier, style);
        }
    }
    let _ = resolver.jsx_import_source(&folder.join("gateway.tsx"));
}

/// The input is a specifier; no name may have `.` or `..` in its middle.
fn path(input: &[u8], folder: &Path) {
    let specifier = String::from_utf8_lossy(input);
    let name = joined("a/b/c.ts", &specifier);
    let mut inner = name.split('/').skip_while(|part| *part == "..");
    assert!(!inner.any(|part| part == "." || part == ".."), "{name}");
    let _ =
        FileResolver::new(folder).resolve(&folder.join("gateway.tsx"), &specifier, Style::Import);
}

fn project() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("node_modules/p")).unwrap();
    for name in ["a.ts", "gateway.tsx", "node_modules/p/a.js"] {
        fs::write(folder.path().join(name), "").unwrap();
    }
    folder
}

#[test]
fn fuzz_mdx() {
    drive("mdx", mdx);
}

#[test]
fn fuzz_module() {
    drive("module", module);
}

#[test]
fn fuzz_json() {
    drive("json", data);
}

#[test]
fn fuzz_manifest() {
    let folder = project();
    drive("manifest", move |input| manifest(input, folder.path()));
}

#[test]
fn fuzz_path() {
    let folder = project();
    drive("path", move |input| path(input, folder.path()));
}

/// What nests without brackets, once; `end` makes a program of many.
const CHAINS: [(&str, &str); 12] = [
    ("!", "a"),
    ("a+", "a"),
    ("a=>", "a"),
    ("a?b:", "c"),
    ("if(a)", "b"),
    ("if(a){}else ", "b"),
    ("a.", "b"),
    ("await ", "a"),
    ("new ", "a"),
    ("a:", "b"),
    ("(!", ""),
    ("<a>", ""),
];

#[test]
fn the_deepest_code_that_is_let_through_is_survived() {
    let thread = std::thread::Builder::new().stack_size(super::STACK_BYTES);
    let survived = thread.spawn(|| {
        for (part, end) in CHAINS {
            let program = |times: usize| format!("{}{end}", part.repeat(times));
            let accepted = |times: &usize| code(program(*times).as_bytes()).is_some();
            let most = (0..13).rev().map(|bit| 1 << bit).fold(0, |most, step| {
                if accepted(&(most + step)) {
                    most + step
                } else {
                    most
                }
            });
            assert!(most > 200, "{part}");
            module(program(most).as_bytes());
            mdx(format!("{{{}}}", program(most)).as_bytes());
        }
    });
    survived.unwrap().join().unwrap();
}
