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
