//! What the surroundings of a module offer: Node's and the web's small interfaces.

use serde_json::{Value, json};
use smithers_script::{HostOptions, ScriptHost};

use crate::driver::{Project, Run, only};

/// Evaluates `expression` in a task of a module beside `files`, after `imports`.
fn evaluate(files: &[(&str, &str)], imports: &str, expression: &str) -> Value {
    let source = format!(
        r#"
import {{ Task, Workflow, createSmithers }} from "smithers-orchestrator";
import {{ z }} from "zod";
{imports}
const {{ smithers, outputs }} = createSmithers({{ out: z.object({{ value: z.unknown() }}) }});
const attempt = (body) => {{ try {{ return body(); }} catch (error) {{ return `${{error.code ?? error.name}}`; }} }};
export default smithers(() => (
  <Workflow name="w"><Task id="t" output={{outputs.out}}>{{async () => ({{ value: {expression} }})}}</Task></Workflow>
));
"#
    );
    let mut all = files.to_vec();
    all.push(("app/gateway.tsx", &source));
    let project = Project::new(&all);
    let env = [("NODE_ENV", "test"), ("APP_NAME", "x"), ("SECRET", "s")];
    let options = HostOptions {
        module_env: vec!["NODE_ENV".into(), "APP_*".into()],
        env: env
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        ..HostOptions::default()
    };
    let host = ScriptHost::start(options).unwrap();
    let workflow = only(host.load(&project.path("app/gateway.tsx")).unwrap());
    Run::start(&workflow, "r", "{}").finish("t")["value"].clone()
}

fn plain(expression: &str) -> Value {
    evaluate(&[], "", expression)
}

#[test]
fn only_listed_variables_of_the_environment_are_visible() {
    assert_eq!(
        plain("process.env"),
        json!({"NODE_ENV": "test", "APP_NAME": "x"})
    );
    assert_eq!(
        plain("attempt(() => { 'use strict'; process.env.NEW = '1'; })"),
        json!("TypeError")
    );
}

#[test]
fn timers_fire_in_order_and_can_be_cleared() {
    let script = "await (async () => { const seen = []; const sleep = (ms) => new Promise((r) => setTimeout(r, ms)); \
        setTimeout((x) => seen.push(x), 20, 'late'); setTimeout(() => seen.push('soon'), 1); setImmediate(() => seen.push('now')); \
        clearTimeout(setTimeout(() => seen.push('never'), 5)); queueMicrotask(() => seen.push('first')); process.nextTick(() => seen.push('second')); \
        let ticks = 0; const every = setInterval(() => { if (++ticks === 3) { clearInterval(every); seen.push('third tick'); } }, 12); \
        while (seen.length < 6) await sleep(1); return seen; })()";
    assert_eq!(
        plain(script),
        json!(["first", "second", "now", "soon", "late", "third tick"])
    );
}

#[test]
fn urls_are_those_of_the_web() {
    assert_eq!(
        plain(
            "(() => { const u = new URL('../b?x=1&y=%20#h', 'http://User:pw@Example.com:8080/a/c'); u.searchParams.append('z', 'ä b'); u.port = ''; \
               return [u.href, u.host, u.origin, u.pathname, u.searchParams.get('y'), u.hash, String(new URLSearchParams({a: '1 2'})), URL.canParse('nope'), attempt(() => new URL('nope')), [...u.searchParams.keys()]]; })()"
        ),
        json!([
            "http://User:pw@example.com/b?x=1&y=+&z=%C3%A4+b#h",
            "example.com",
            "http://example.com",
            "/b",
            " ",
            "#h",
            "a=1+2",
            false,
            "TypeError",
            ["x", "y", "z"]
        ])
    );
    assert_eq!(
        evaluate(
            &[],
            "import { fileURLToPath, pathToFileURL } from 'node:url';",
            "[fileURLToPath('file:///a%20b'), pathToFileURL('/c d').href]"
        ),
        json!(["/a b", "file:///c%20d"])
    );
}

#[test]
fn text_bytes_and_clones_round_trip() {
    assert_eq!(
        plain(
            "[new TextDecoder().decode(new TextEncoder().encode('grüß €𝄞')), new TextEncoder().encode('ä').length]"
        ),
        json!(["grüß €𝄞", 2])
    );
    let script = "(() => { const a = {d: new Date(5), m: new Map([[1, new Set([2])]]), l: [1, {x: null}]}; a.self = a; const b = structuredClone(a); \
        return [b !== a, b.self === b, b.d.getTime(), b.m.get(1).has(2), b.l, attempt(() => structuredClone(() => 1))]; })()";
    assert_eq!(
        plain(script),
        json!([true, true, 5, true, [1, {"x": null}], "DataCloneError"])
    );
    assert_eq!(
        plain("/^[0-9a-f-]{36}$/.test(crypto.randomUUID())"),
        json!(true)
    );
}

#[test]
fn abort_signals_fire_once_with_their_reason() {
    let script = "await (async () => { const c = new AbortController(); let fired = 0; c.signal.addEventListener('abort', () => fired++); \
        const any = AbortSignal.any([c.signal]); c.abort('why'); c.abort('again'); const t = AbortSignal.timeout(1); await new Promise((r) => t.addEventListener('abort', r)); \
        return [fired, c.signal.reason, any.reason, t.reason.name, attempt(() => AbortSignal.abort().throwIfAborted())]; })()";
    assert_eq!(
        plain(script),
        json!([1, "why", "why", "TimeoutError", "AbortError"])
    );
}

#[test]
fn paths_are_those_of_node() {
    assert_eq!(
        evaluate(
            &[],
            "import path, { join, dirname, basename, extname, relative, resolve, normalize } from 'node:path';",
            "[join('a', '..', './b/', 'c'), dirname('/a/b/'), dirname('a'), basename('/x/y.ts', '.ts'), extname('.env'), extname('a.b.c'), \
              relative('/a/b/c', '/a/d'), resolve('/x', '../y'), normalize('/a//b/../../..'), path.isAbsolute('a'), resolve('q') === process.cwd() + '/q']"
        ),
        json!([
            "b/c", "/a", ".", "y", "", ".c", "../../d", "/y", "/", false, true
        ])
    );
}

#[test]
fn files_of_the_module_folder_can_be_read_and_nothing_else() {
    let files = [
        ("app/data/a.txt", "hällo"),
        ("app/data/b.txt", ""),
        ("secret.txt", "s"),
    ];
    let script = "[fs.readFileSync('data/a.txt', 'utf8'), String(fs.readFileSync(new URL('./data/a.txt', import.meta.url))), fs.readdirSync('data'), \
        fs.existsSync('data/none'), fs.statSync('data').isDirectory(), (await readFile('data/a.txt', {encoding: 'utf-8'})).length, \
        attempt(() => fs.readFileSync('../secret.txt')), attempt(() => fs.readFileSync('/etc/passwd')), attempt(() => fs.readFileSync('none')), \
        fs.existsSync('../secret.txt'), attempt(() => fs.writeFileSync('x', 'y'))]";
    assert_eq!(
        evaluate(
            &files,
            "import * as fs from 'node:fs'; import { readFile } from 'fs/promises';",
            script
        ),
        json!([
            "hällo",
            "hällo",
            ["a.txt", "b.txt"],
            false,
            true,
            5,
            "EACCES",
            "EACCES",
            "ENOENT",
            false,
            "RUNTIME_CAPABILITY_UNAVAILABLE"
        ])
    );
}

#[test]
fn what_is_not_offered_says_so() {
    assert_eq!(
        plain("await fetch('http://x').catch((error) => error.code)"),
        json!("RUNTIME_CAPABILITY_UNAVAILABLE")
    );
    assert_eq!(
        plain("attempt(() => process.exit(1))"),
        json!("RUNTIME_CAPABILITY_UNAVAILABLE")
    );
    assert_eq!(
        plain("[typeof globalThis.__smithers, typeof require]"),
        json!(["undefined", "undefined"])
    );
}

#[test]
fn a_module_knows_where_it_lies() {
    assert_eq!(
        evaluate(
            &[],
            "",
            "[import.meta.url.startsWith('file:///'), import.meta.filename === import.meta.dirname + '/gateway.tsx', import.meta.main]"
        ),
        json!([true, true, true])
    );
}
