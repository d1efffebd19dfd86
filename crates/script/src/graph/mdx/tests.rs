//! MDX files as JSX: what is written for which Markdown, and what is refused where.

use super::*;

fn code(source: &str) -> String {
    compile("p.mdx", source, 512).unwrap().code
}

/// What the content function returns.
fn content(source: &str) -> String {
    let code = code(source);
    let start = code.find("return <>").unwrap() + "return <>".len();
    let end = code.rfind("</>").unwrap();
    code[start..end].replace("_mdxTags.", "").replace('\n', "")
}

fn refused(source: &str) -> LoadError {
    compile("p.mdx", source, 512).unwrap_err()
}

#[test]
fn markdown_becomes_elements_of_the_components() {
    assert_eq!(
        content("# A *b* **c**\n\n- x\n- `y`\n"),
        r#"<h1>{"A "}<em>{"b"}</em>{" "}<strong>{"c"}</strong></h1>{"\n"}<ul>{"\n"}<li>{"x"}</li>{"\n"}<li><code>{"y"}</code></li>{"\n"}</ul>"#
    );
    assert_eq!(
        content("3. x\n\n   y\n\n```js\n<a>\n```\n"),
        r#"<ol start={3}>{"\n"}<li>{"\n"}<p>{"x"}</p>{"\n"}<p>{"y"}</p></li>{"\n"}</ol>{"\n"}<pre><code className={"language-js"}>{"<a>\n"}</code></pre>"#
    );
}

#[test]
fn links_are_followed_to_their_definitions() {
    assert_eq!(
        content("[a][one] ![b](i.png)\n\n[one]: http://x \"t\"\n"),
        r#"<p><a href={"http://x"} title={"t"}>{"a"}</a>{" "}<img src={"i.png"} alt={"b"}></img></p>"#
    );
}

#[test]
fn expressions_and_tags_alone_are_no_paragraph() {
    assert_eq!(content("{props.a}\n"), "{props.a}");
    assert_eq!(content("a {props.a}\n"), r#"<p>{"a "}{props.a}</p>"#);
    assert_eq!(content("<b>x</b> <i/>\n"), r#"<b>{"x"}</b><i></i>"#);
    assert_eq!(content("{/* nothing */}\n"), "{/* nothing */}");
}

#[test]
fn braces_in_texts_do_not_end_an_expression() {
    assert_eq!(content("{\"}\" + `{`}\n"), "{\"}\" + `{`}");
    assert_eq!(
        content("<A b={'}'} {...{c: 1}} d=\"e\" f/>\n"),
        "<A b={'}'} {...{c: 1}} d={\"e\"} f></A>"
    );
}

#[test]
fn blank_lines_do_not_end_an_unfinished_export() {
    let code = code("export default function (props) {\n  const a = 1;\n\n  return <>{a}</>;\n}\n");
    assert!(
        code.contains("const _mdxLayout = function (props) {"),
        "{code}"
    );
    assert!(code.contains("return <_mdxLayout {...props}/>;"), "{code}");
}

#[test]
fn a_named_layout_keeps_its_name_and_gets_the_content() {
    let code = code("export default function Prompt() {}\n\ntext\n");
    assert!(code.contains("const _mdxLayout = Prompt;"), "{code}");
    assert!(code.contains("<_mdxLayout {...props}><_mdxContent {...props}/></_mdxLayout>"));
}

#[test]
fn components_that_nothing_declares_must_be_given() {
    let code = code(
        "import { A, B as C } from './a';\n\nexport const { D, e: [E] } = x;\n\n<A/> <C/> <D/> <E/> <F.G/>\n",
    );
    assert!(
        code.contains("const F = _mdxComponent(_mdxTags, \"F\");"),
        "{code}"
    );
    assert_eq!(code.matches("_mdxComponent(").count(), 1);
}

#[test]
fn errors_are_shown_where_they_are_written() {
    for (source, line, column) in [
        ("# a\n\nx {props.} y\n", 3, 10),
        ("# a\n\n<b>\n\nx\n", 6, 1),
        ("a\n\nexport const b = ;\n\nc\n", 3, 18),
        ("a\n\n<b c={1 +}/>\n", 3, 10),
    ] {
        let error = refused(source);
        let place = error.place.unwrap();
        assert_eq!(
            (place.line, place.column),
            (line, column),
            "{source}: {}",
            error.message
        );
    }
}

#[test]
fn absurd_files_are_refused_before_they_are_parsed() {
    assert!(refused(&"x".repeat(1 << 20)).message.contains("bytes"));
    assert!(refused(&">".repeat(1000)).message.contains("nested deeper"));
    let tags = format!("{}x{}", "<a>\n".repeat(200), "\n</a>".repeat(200));
    assert!(refused(&tags).message.contains("nested deeper"));
    assert!(
        refused(&format!("{{{}}}", "(".repeat(10_000)))
            .message
            .contains("nested deeper")
    );
}
