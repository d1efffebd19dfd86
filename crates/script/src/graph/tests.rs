//! Graphs of small projects on disk.

use std::fs;

use super::*;

fn project(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn read(folder: &tempfile::TempDir, entry: &str) -> Result<ModuleGraph, LoadError> {
    ModuleGraph::read(&folder.path().join(entry), &Limits::default())
}

#[test]
fn the_graph_holds_every_reached_file_under_its_relative_name() {
    let folder = project(&[
        (
            "app/gateway.ts",
            "import { b } from '../lib/b'; import data from './data.json'; export { b, data };",
        ),
        ("app/data.json", "{\"a\": 1}"),
        ("app/unused.ts", ""),
        ("lib/b.ts", "export const b = 1;"),
    ]);
    let graph = read(&folder, "app/gateway.ts").unwrap();
    let names: Vec<_> = graph
        .revision
        .files
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(names, ["../lib/b.ts", "data.json", "gateway.ts"]);
    assert_eq!(graph.resolve("gateway.ts", "../lib/b"), Some("../lib/b.ts"));
    let data = graph.code("data.json").unwrap();
    assert!(data.contains("export default json"), "{data}");
}

#[test]
fn the_hash_changes_with_any_file_and_with_nothing_else() {
    let files = [("gateway.ts", "import './b';"), ("b.ts", "1;")];
    let first = read(&project(&files), "gateway.ts").unwrap().revision.hash;
    let same = read(&project(&files), "gateway.ts").unwrap().revision.hash;
    let edited = read(&project(&[files[0], ("b.ts", "2;")]), "gateway.ts")
        .unwrap()
        .revision
        .hash;
    assert_eq!(first, same);
    assert_ne!(first, edited);
}

#[test]
fn files_that_import_each_other_are_read_once() {
    let folder = project(&[("a.ts", "import './b';"), ("b.ts", "import './a';")]);
    assert_eq!(read(&folder, "a.ts").unwrap().revision.files.len(), 2);
}

#[test]
fn a_missing_import_is_shown_where_it_is_written() {
    let folder = project(&[("a.ts", "import './b';"), ("b.ts", "\nimport './gone';")]);
    let error = read(&folder, "a.ts").unwrap_err();
    assert_eq!(error.module, "b.ts");
    assert!(error.message.contains("`./gone` does not exist"), "{error}");
    let place = error.place.unwrap();
    assert_eq!(
        (place.file.as_str(), place.line, place.column),
        ("b.ts", 2, 8)
    );
}

#[test]
fn built_in_modules_are_not_open_to_user_code() {
    let folder = project(&[("a.ts", "import 'smithers:native';")]);
    assert!(
        read(&folder, "a.ts")
            .unwrap_err()
            .message
            .contains("not installed")
    );
}

#[test]
fn zod_is_the_installed_one_or_else_the_subset() {
    let bare = read(&project(&[("a.ts", "import 'zod';")]), "a.ts").unwrap();
    assert_eq!(bare.resolve("a.ts", "zod"), Some(builtin::ZOD_SUBSET));
    assert_eq!(
        bare.resolve("smithers:approval", "zod"),
        Some(builtin::ZOD_SUBSET)
    );
    let installed = project(&[
        ("a.ts", "import 'zod';"),
        (
            "node_modules/zod/package.json",
            r#"{"exports":"./index.js"}"#,
        ),
        ("node_modules/zod/index.js", "export const z = 1;"),
    ]);
    let graph = read(&installed, "a.ts").unwrap();
    assert_eq!(
        graph.resolve("smithers:approval", "zod"),
        Some("node_modules/zod/index.js")
    );
}

#[test]
fn oversized_and_absurdly_nested_files_are_refused_before_they_are_parsed() {
    let limits = Limits::default();
    let huge = format!("/*{}*/", "x".repeat(limits.file_bytes));
    let nested = format!("f({})", "(".repeat(100_000));
    let folder = project(&[("huge.ts", &huge), ("nested.ts", &nested)]);
    assert!(
        read(&folder, "huge.ts")
            .unwrap_err()
            .message
            .contains("bytes")
    );
    assert!(
        read(&folder, "nested.ts")
            .unwrap_err()
            .message
            .contains("nested deeper")
    );
}

#[test]
fn a_graph_with_too_many_files_is_refused() {
    let folder = project(&[
        ("a.ts", "import './b';"),
        ("b.ts", "import './c';"),
        ("c.ts", ""),
    ]);
    let limits = Limits {
        files: 2,
        ..Limits::default()
    };
    let error = ModuleGraph::read(&folder.path().join("a.ts"), &limits).unwrap_err();
    assert!(error.message.contains("more than 2 files"), "{error}");
}
