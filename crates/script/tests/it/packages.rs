//! What a module can import: packages of both kinds, data, files found by tsconfig, computed names.

use serde_json::{Value, json};
use smithers_script::LoadError;

use crate::driver::{Project, Run, host, only};

/// Evaluates `expression` in a task of `app/gateway.tsx` beside `files`, after `imports`.
fn try_evaluate(
    files: &[(&str, &str)],
    imports: &str,
    expression: &str,
) -> Result<Value, LoadError> {
    let source = format!(
        r#"
import {{ Task, Workflow, createSmithers }} from "smithers-orchestrator";
import {{ z }} from "zod";
{imports}
const {{ smithers, outputs }} = createSmithers({{ out: z.object({{ value: z.unknown() }}) }});
export default smithers(() => (
  <Workflow name="w"><Task id="t" output={{outputs.out}}>{{async () => ({{ value: {expression} }})}}</Task></Workflow>
));
"#
    );
    let mut all = files.to_vec();
    all.push(("app/gateway.tsx", &source));
    let project = Project::new(&all);
    let host = host();
    let workflow = only(host.load(&project.path("app/gateway.tsx"))?);
    Ok(Run::start(&workflow, "r", "{}").finish("t")["value"].clone())
}

fn evaluate(files: &[(&str, &str)], imports: &str, expression: &str) -> Value {
    try_evaluate(files, imports, expression).unwrap()
}

/// A package as many are: written for `require`, in several files, with a cycle and a manifest.
const OLD_PACKAGE: [(&str, &str); 6] = [
    (
        "node_modules/old/package.json",
        r#"{"name":"old","version":"1.2.3","main":"./lib/main"}"#,
    ),
    (
        "node_modules/old/lib/main.js",
        "'use strict';
         var util = require('./util'), path = require('path'), data = require('../package.json');
         function old(name) { return util.greet(name) + '@' + data.version; }
         old.join = path.posix ? path.posix.join : path.join;
         old.dir = require('path').basename(__dirname);
         old.top = this === exports;
         try { require('not-installed'); } catch (error) { old.code = error.code; }
         module.exports = old;",
    ),
    (
        "node_modules/old/lib/util.js",
        "exports.main = require('./main'); exports.greet = function (n) { return 'hi ' + n + (typeof exports.main); };",
    ),
    (
        "node_modules/compiled/package.json",
        r#"{"name":"compiled","exports":{".":{"types":"./no.d.ts","default":"./index.cjs"},"./sloppy":"./sloppy.js"}}"#,
    ),
    (
        "node_modules/compiled/index.cjs",
        "Object.defineProperty(exports, '__esModule', { value: true });
         exports.default = class Thing {}; exports.helper = () => 'helped';
         Object.defineProperty(exports, 'late', { enumerable: true, get: () => 7 });",
    ),
    (
        "node_modules/compiled/sloppy.js",
        "with ({ a: 010 }) { module.exports = { a: a }; }",
    ),
];

#[test]
fn packages_written_for_require_are_imported_by_default_and_by_name() {
    let value = evaluate(
        &OLD_PACKAGE,
        "import old, { code, dir } from 'old';
         import Thing, { helper, late } from 'compiled';
         import * as all from 'compiled';
         import sloppy from 'compiled/sloppy';",
        "[old('you'), code, dir, old.top, new Thing() instanceof Thing, helper(), late, Object.keys(all), sloppy.a]",
    );
    assert_eq!(
        value,
        json!([
            "hi youobject@1.2.3",
            "MODULE_NOT_FOUND",
            "lib",
            true,
            true,
            "helped",
            7,
            ["default", "helper", "late"],
            8
        ])
    );
}

#[test]
fn a_part_of_node_that_is_not_there_fails_when_it_is_used() {
    let value = evaluate(
        &[(
            "node_modules/old/index.js",
            "const { default: none } = require('util'), buffer = require('node:buffer');
             exports.none = none; exports.use = () => buffer.Buffer.from('a');",
        )],
        "import { none, use } from 'old'; const tried = () => { try { return use(); } catch (error) { return error.message; } };",
        "[none === undefined, tried()]",
    );
    assert_eq!(
        value,
        json!([
            true,
            "`buffer.Buffer` of Node is not available to workflow modules"
        ])
    );
}

#[test]
fn packages_written_for_import_are_entered_through_their_exports() {
    let files = [
        (
            "node_modules/@me/new/package.json",
            r##"{"name":"@me/new","type":"module","exports":{".":{"node":{"import":"./n.js"},"default":"./no.js"},"./part":"./part.js"},"imports":{"#inner":"./inner.js"}}"##,
        ),
        (
            "node_modules/@me/new/n.js",
            "import { inner } from '#inner'; import nested from 'nested'; export { inner }; export default nested;",
        ),
        (
            "node_modules/@me/new/inner.js",
            "export const inner = await Promise.resolve('inner');",
        ),
        (
            "node_modules/@me/new/part.js",
            "export const part = 'part';",
        ),
        (
            "node_modules/@me/new/node_modules/nested/package.json",
            "{}",
        ),
        (
            "node_modules/@me/new/node_modules/nested/index.js",
            "module.exports = 'own';",
        ),
        ("node_modules/nested/index.js", "module.exports = 'outer';"),
    ];
    let value = evaluate(
        &files,
        "import own, { inner } from '@me/new'; import { part } from '@me/new/part'; import outer from 'nested';",
        "[own, inner, part, outer]",
    );
    assert_eq!(value, json!(["own", "inner", "part", "outer"]));
    let hidden = try_evaluate(&files, "import '@me/new/inner.js';", "1").unwrap_err();
    assert!(hidden.message.contains("not exported"), "{hidden}");
    assert_eq!(hidden.place.unwrap().line, 4);
}

#[test]
fn data_is_imported_whole_and_by_field() {
    let value = evaluate(
        &[
            ("app/data.json", r#"{"a": {"__proto__": 1}, "n": 2}"#),
            ("app/note.txt", "a \"text\"\n"),
        ],
        "import data, { n } from './data.json';
         import same from './data.json' with { type: 'json' };
         import note from './note.txt';",
        "[Object.keys(data.a), n, same.n, note]",
    );
    assert_eq!(value, json!([["__proto__"], 2, 2, "a \"text\"\n"]));
}

#[test]
fn a_tsconfig_gives_aliases() {
    let value = evaluate(
        &[
            (
                "tsconfig.json",
                "{\n  // shared\n  \"extends\": \"./base.json\",\n}",
            ),
            (
                "base.json",
                r#"{"compilerOptions":{"baseUrl":".","paths":{"~/*":["src/*"]}}}"#,
            ),
            ("src/deep/a.ts", "export const a: number = 1;"),
            ("src/b/index.tsx", "export enum B { One = 1 }"),
        ],
        "import { a } from '~/deep/a'; import { B } from '~/b'; import { a as again } from 'src/deep/a.js';",
        "[a, B.One, again]",
    );
    assert_eq!(value, json!([1, 1, 1]));
}

#[test]
fn computed_imports_find_what_is_loaded_and_nothing_else() {
    let files = [
        ("app/a.ts", "export const name = 'a';"),
        ("app/c.ts", "export const name = 'c';"),
    ];
    let value = evaluate(
        &files,
        "const lazy = () => import('./a'); const load = (name) => import(`./${name}`).then((m) => m.name, (error) => error.message);",
        "[(await lazy()).name, await load('a'), await load('c'), await load('../../etc/passwd')]",
    );
    assert_eq!((&value[0], &value[1]), (&json!("a"), &json!("a")));
    for refused in [&value[2], &value[3]] {
        let message = refused.as_str().unwrap();
        assert!(message.contains("computed import"), "{message}");
    }
}

#[test]
fn errors_in_packages_name_the_file_and_the_line_of_the_package() {
    let error = try_evaluate(
        &[(
            "node_modules/bad/index.js",
            "exports.a = 1;\n\nexports.b = missing.c;\n",
        )],
        "import 'bad';",
        "1",
    )
    .unwrap_err();
    let place = error.place.clone().unwrap();
    assert!(error.message.contains("missing"), "{error}");
    assert_eq!(
        (place.file.as_str(), place.line),
        ("../node_modules/bad/index.js", 3)
    );
    let first_line = try_evaluate(
        &[("node_modules/bad/index.js", "a.b;")],
        "import 'bad';",
        "1",
    )
    .unwrap_err();
    assert_eq!(first_line.place.unwrap().column, 1);
}

#[test]
fn what_cannot_run_here_is_refused_by_name() {
    for (files, imports, reason) in [
        (&[][..], "import 'left-pad/x';", "npm install left-pad`"),
        (
            &[],
            "import './gone';",
            "nor as a folder with an index file",
        ),
        (&[], "import '#gone';", "among its `imports`"),
        (
            &[],
            "import 'node:child_process';",
            "not available to workflow modules",
        ),
        (&[("app/x.node", "")], "import './x.node';", "native addons"),
        (
            &[
                ("node_modules/m/package.json", r#"{"type":"module"}"#),
                ("node_modules/m/index.js", "export {};"),
                ("app/r.cjs", "require('m');"),
            ],
            "import './r.cjs';",
            "it can only be imported",
        ),
    ] {
        let error = try_evaluate(files, imports, "1").unwrap_err();
        assert!(error.message.contains(reason), "{error}");
    }
}
