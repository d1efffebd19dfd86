//! Prompts: elements and MDX files as the text that an agent is asked with.

use smithers_script::LoadError;

use crate::driver::{Project, Run, host, only};

/// Renders the first frame of a workflow whose only task stores `text`, and returns that text.
fn text_of(files: &[(&str, &str)], imports: &str, text: &str) -> Result<String, LoadError> {
    let gateway = format!(
        r#"
        import {{ Task, Workflow, createSmithers, renderMdx }} from "smithers-orchestrator";
        import {{ z }} from "zod";
        {imports}
        const {{ smithers, outputs }} = createSmithers({{ out: z.object({{ text: z.string() }}) }});
        export default smithers(() => (
          <Workflow name="w"><Task id="t" output={{outputs.out}}>{{{{ text: {text} }}}}</Task></Workflow>
        ));"#
    );
    let mut files = files.to_vec();
    files.push(("gateway.tsx", &gateway));
    let project = Project::new(&files);
    let host = host();
    let workflow = only(host.load(&project.path("gateway.tsx"))?);
    let mut run = Run::start(&workflow, "r", "{}");
    Ok(run.finish("t")["text"].as_str().unwrap().to_owned())
}

fn rendered(definition: &str, props: &str) -> String {
    text_of(&[], definition, &format!("renderMdx(P, {props})")).unwrap()
}

#[test]
fn a_component_becomes_text_with_its_tags_written_out() {
    let text = rendered(
        "const Inner = ({ name }) => <b title=\"a &amp; b\">{name}</b>;
         const P = (props) => <><rules kind={props.kind} hidden data-x={true}>{'\"<1>\" & 2'}</rules>{'\\n\\n\\n\\n'}<Inner name=\"x\"/><br/>{[1, null, false, 2n]}</>;",
        "{ kind: 3 }",
    );
    assert_eq!(
        text,
        "<rules kind=\"3\" hidden=\"\" data-x=\"true\">\"<1>\" & 2</rules>\n\n<b title=\"a & b\">x</b><br/>12"
    );
}

#[test]
fn markup_that_is_handed_over_as_such_is_decoded_once() {
    let text = rendered(
        "const P = () => <p dangerouslySetInnerHTML={{ __html: '&lt;a&gt; &#38;amp; &#x41; &unknown;' }}/>;",
        "{}",
    );
    assert_eq!(text, "<p><a> &amp; A &unknown;</p>");
}

#[test]
fn an_object_in_a_prompt_is_refused_and_named() {
    let text = rendered(
        "const refused = (body) => { try { return body(); } catch (error) { return `${error.code}: ${error.message}`; } };
         const P = () => refused(() => renderMdx(() => ({ a: 1 }))) + refused(() => renderMdx({})) + refused(() => renderMdx(() => Promise.resolve(1)));",
        "{}",
    );
    assert_eq!(text.matches("MDX_PRELOAD_INACTIVE").count(), 3, "{text}");
    assert!(text.contains("a promise"), "{text}");
}

/// Renders `prompt` as an MDX file with `props`.
fn mdx(prompt: &str, props: &str) -> String {
    text_of(
        &[("prompt.mdx", prompt)],
        "import Prompt from './prompt.mdx';",
        &format!("renderMdx(Prompt, {props})"),
    )
    .unwrap()
}

#[test]
fn a_prompt_in_markdown_is_markdown_again() {
    let prompt = "\
# Review {props.name}

Look at **all** of *it*, `now`:
and [here](http://x).


> Be kind.
> Be brief.

1. first
2. second
   - inner
   - other

     more

---

```ts
const a = '<b>';
```

{props.many.map((item) => `- ${item}`).join(\"\\n\")}

{props.hurry ? 'Quick!' : null}

| a | b |
| - | - |
";
    let text = mdx(prompt, "{ name: 'a & b', many: [1, 2], hurry: true }");
    assert_eq!(
        text,
        "\
# Review a & b

Look at **all** of *it*, `now`:
and [here](http://x).

> Be kind.
> Be brief.

1. first
2. second
   - inner
   - other

     more

---

```ts
const a = '<b>';
```

- 1
- 2
Quick!
| a | b |
| - | - |"
    );
}

#[test]
fn a_prompt_that_is_a_bare_component_sees_just_its_properties() {
    let prompt = "\
export default function Prompt(props) {
  const head = \"Judge\";

  return (
    <>
      {head}
      {\"\\n\\n\"}
      {JSON.stringify(props ?? {})}
    </>
  );
}
";
    assert_eq!(mdx(prompt, "{ a: 1 }"), "Judge\n\n{\"a\":1}");
    let anonymous = "export default function (props) {\n  return <>{props.a}</>;\n}\n";
    assert_eq!(mdx(anonymous, "{ a: 'x' }"), "x");
    assert_eq!(
        mdx(
            "export default (props) => <b>{props.children}</b>\n\n*x*\n",
            "{}"
        ),
        "<b>*x*\n\n</b>"
    );
}

#[test]
fn a_prompt_imports_other_prompts_modules_and_data() {
    let text = text_of(
        &[
            (
                "prompts/main.mdx",
                "import Part, { tone } from './part.mdx'\nimport { shout } from '../lib/text'\nimport data from './data.json'\n\n## {shout('go')}\n\n<Part n={data.n}/>\n\n<note kind=\"x\">{tone}</note>\n\n<Given/>\n",
            ),
            (
                "prompts/part.mdx",
                "export const tone = 'calm';\n\n- part {props.n}\n",
            ),
            ("prompts/data.json", "{\"n\": 7}"),
            (
                "lib/text.ts",
                "export const shout = (text: string): string => text.toUpperCase();",
            ),
        ],
        "import Prompt from './prompts/main.mdx';",
        "renderMdx(Prompt, { components: { Given: () => 'given', h2: ({ children }) => <>== {children}{'\\n\\n'}</> } })",
    );
    assert_eq!(
        text.unwrap(),
        "== GO\n\n- part 7\n\n<note kind=\"x\">calm</note>\ngiven"
    );
}

#[test]
fn a_component_that_a_prompt_lacks_is_named() {
    let text = text_of(
        &[("prompt.mdx", "<Missing/>\n")],
        "import Prompt from './prompt.mdx'; const tried = () => { try { return renderMdx(Prompt); } catch (error) { return `${error.message} ${error.stack}`; } };",
        "tried()",
    )
    .unwrap();
    assert!(
        text.contains("`Missing` is neither imported nor given"),
        "{text}"
    );
}

#[test]
fn an_error_in_a_prompt_names_its_place() {
    let broken = text_of(
        &[("prompt.mdx", "# a\n\n- x\n  {props.}\n")],
        "import Prompt from './prompt.mdx';",
        "renderMdx(Prompt)",
    )
    .unwrap_err();
    let place = broken.place.unwrap();
    assert_eq!(
        (place.file.as_str(), place.line),
        ("prompt.mdx", 4),
        "{}",
        broken.message
    );
    assert!(place.frame.contains("> 4 |   {props.}"), "{}", place.frame);

    let project = Project::new(&[
        ("prompt.mdx", "# a\n\ntext\n\n- x {props.a.b} y\n"),
        (
            "gateway.tsx",
            "import { Task, Workflow, createSmithers, renderMdx } from 'smithers-orchestrator';
             import { z } from 'zod';
             import Prompt from './prompt.mdx';
             const { smithers, outputs } = createSmithers({ out: z.object({ text: z.string() }) });
             export default smithers(() => <Workflow name=\"w\"><Task id=\"t\" output={outputs.out}>{{ text: renderMdx(Prompt) }}</Task></Workflow>);",
        ),
    ]);
    let host = host();
    let workflow = only(host.load(&project.path("gateway.tsx")).unwrap());
    let mut run = Run::open(&workflow, "r", "{}");
    let error = run.render().unwrap_err();
    let stack = error.cause.unwrap().stack.unwrap();
    assert!(stack.contains("prompt.mdx:5:"), "{stack}");
}
