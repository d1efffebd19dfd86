//! Modules that the host brings along, and which import specifiers name them.

use super::resolve::EXTENSIONS;

/// Where `zod` is asked for by a built-in module: the user's own when installed, else the subset.
pub(crate) const ZOD: &str = "zod";

/// What user code gets for the product's own package.
pub(crate) const INDEX: &str = "smithers:index";

/// What it gets when it uses composites.
pub(crate) const WHOLE: &str = "smithers:whole";

/// The composites.
pub(crate) const COMPOSITES: &str = "smithers:composites";

/// The built-in subset of zod.
pub(crate) const ZOD_SUBSET: &str = "smithers:zod";

/// The module whose exports the host calls.
pub(crate) const HOST: &str = "smithers:host";

/// The module that runs CommonJS files; the modules that stand for them import it.
pub(crate) const COMMONJS: &str = "smithers:commonjs";

macro_rules! built_in {
    ($($id:literal => $file:literal),+ $(,)?) => {
        /// Source text of built-in module `id`.
        pub(crate) fn source(id: &str) -> Option<&'static str> {
            match id {
                $($id => Some(include_str!(concat!("../js/", $file))),)+
                _ => None,
            }
        }
    };
}

built_in! {
    "smithers:native" => "native.mjs",
    "smithers:errors" => "errors.mjs",
    "smithers:console" => "console.mjs",
    "smithers:globals" => "globals.mjs",
    "smithers:moment" => "moment.mjs",
    "smithers:web" => "web.mjs",
    "smithers:clone" => "clone.mjs",
    "smithers:element" => "element.mjs",
    "smithers:hooks" => "hooks.mjs",
    "smithers:frame" => "frame.mjs",
    "smithers:render" => "render.mjs",
    "smithers:walk" => "walk.mjs",
    "smithers:reuse" => "reuse.mjs",
    "smithers:side-effect" => "side_effect.mjs",
    "smithers:worktree" => "worktree.mjs",
    "smithers:aspects" => "aspects.mjs",
    "smithers:proof" => "proof.mjs",
    "smithers:react" => "react.mjs",
    "smithers:jsx" => "jsx.mjs",
    "smithers:schema" => "schema.mjs",
    "smithers:create" => "create.mjs",
    "smithers:components" => "components.mjs",
    "smithers:task" => "task.mjs",
    "smithers:task-runtime" => "task_runtime.mjs",
    "smithers:body" => "body.mjs",
    "smithers:pulse" => "pulse.mjs",
    "smithers:memory" => "memory.mjs",
    "smithers:loop" => "loop.mjs",
    "smithers:deps" => "deps.mjs",
    "smithers:inherited" => "inherited.mjs",
    "smithers:approval" => "approval.mjs",
    "smithers:cache" => "cache.mjs",
    "smithers:auto_approve" => "auto_approve.mjs",
    "smithers:ownership" => "ownership.mjs",
    "smithers:timer" => "timer.mjs",
    "smithers:continue-as-new" => "continue_as_new.mjs",
    "smithers:human" => "human.mjs",
    "smithers:signal" => "signal.mjs",
    "smithers:recovery" => "recovery.mjs",
    "smithers:saga" => "saga.mjs",
    "smithers:try-catch-finally" => "try_catch_finally.mjs",
    "smithers:later" => "later.mjs",
    "smithers:subflow" => "subflow.mjs",
    "smithers:agents" => "agents.mjs",
    "smithers:agent-answer" => "agent_answer.mjs",
    "smithers:agent-body" => "agent_body.mjs",
    "smithers:agent-call" => "agent_call.mjs",
    "smithers:agent-chain" => "agent_chain.mjs",
    "smithers:agent-prompt" => "agent_prompt.mjs",
    "smithers:agent-repair" => "agent_repair.mjs",
    "smithers:agent-report" => "agent_report.mjs",
    "smithers:json-in-text" => "json_in_text.mjs",
    "smithers:ai" => "ai.mjs",
    "smithers:ai-model" => "ai_model.mjs",
    "smithers:ai-anthropic" => "ai_anthropic.mjs",
    "smithers:ai-openai" => "ai_openai.mjs",
    "smithers:tools" => "tools.mjs",
    "smithers:scorers" => "scorers.mjs",
    "smithers:scoring" => "scoring.mjs",
    "smithers:gateway" => "gateway.mjs",
    "smithers:rows" => "rows.mjs",
    "smithers:context" => "context.mjs",
    "smithers:output" => "output.mjs",
    "smithers:session" => "session.mjs",
    "smithers:index" => "index.mjs",
    "smithers:whole" => "composites/whole.mjs",
    "smithers:composites" => "composites/index.mjs",
    "smithers:composites/check-suite" => "composites/check_suite.mjs",
    "smithers:composites/classify-and-route" => "composites/classify_and_route.mjs",
    "smithers:composites/content-pipeline" => "composites/content_pipeline.mjs",
    "smithers:composites/debate" => "composites/debate.mjs",
    "smithers:composites/decision-table" => "composites/decision_table.mjs",
    "smithers:composites/drift-detector" => "composites/drift_detector.mjs",
    "smithers:composites/escalation-chain" => "composites/escalation_chain.mjs",
    "smithers:composites/gather-and-synthesize" => "composites/gather_and_synthesize.mjs",
    "smithers:composites/kanban" => "composites/kanban.mjs",
    "smithers:composites/monitor" => "composites/monitor.mjs",
    "smithers:composites/optimizer" => "composites/optimizer.mjs",
    "smithers:composites/panel" => "composites/panel.mjs",
    "smithers:composites/parts" => "composites/parts.mjs",
    "smithers:composites/poller" => "composites/poller.mjs",
    "smithers:composites/review-loop" => "composites/review_loop.mjs",
    "smithers:composites/runbook" => "composites/runbook.mjs",
    "smithers:composites/scan-fix-verify" => "composites/scan_fix_verify.mjs",
    "smithers:composites/settings" => "composites/settings.mjs",
    "smithers:composites/sidecar" => "composites/sidecar.mjs",
    "smithers:composites/super-smithers" => "composites/super_smithers.mjs",
    "smithers:composites/supervisor" => "composites/supervisor.mjs",
    "smithers:command" => "command.mjs",
    "smithers:host" => "host.mjs",
    "smithers:commonjs" => "commonjs.mjs",
    "smithers:markup" => "markup.mjs",
    "smithers:mdx" => "mdx.mjs",
    "smithers:schema-example" => "schema_example.mjs",
    "smithers:prompt" => "prompt.mjs",
    "smithers:zod" => "zod.mjs",
    "smithers:zod-schema" => "zod_schema.mjs",
    "smithers:zod-json" => "zod_json.mjs",
    "node:path" => "node_path.mjs",
    "node:url" => "node_url.mjs",
    "node:fs" => "node_fs.mjs",
    "node:fs/promises" => "node_fs_promises.mjs",
    "node:process" => "node_process.mjs",
    "node:crypto" => "node_crypto.mjs",
}

/// Returns the built-in module that user code gets for `specifier`.
pub(crate) fn for_specifier(specifier: &str) -> Option<&'static str> {
    Some(match specifier {
        "smithers-orchestrator" | "@smithers-orchestrator/components" => INDEX,
        "smithers-orchestrator/jsx-runtime" | "smithers-orchestrator/jsx-dev-runtime" => {
            "smithers:jsx"
        }
        "react/jsx-runtime" | "react/jsx-dev-runtime" => "smithers:jsx",
        "smithers-orchestrator/tools" => "smithers:tools",
        "smithers-orchestrator/scorers" | "@smithers-orchestrator/scorers" => "smithers:scorers",
        "smithers-orchestrator/mdx" => "smithers:mdx",
        "react" => "smithers:react",
        "node:path" | "path" => "node:path",
        "node:url" | "url" => "node:url",
        "node:fs" | "fs" => "node:fs",
        "node:fs/promises" | "fs/promises" => "node:fs/promises",
        "node:process" | "process" => "node:process",
        "node:crypto" | "crypto" => "node:crypto",
        _ => return None,
    })
}

/// Returns the built-in module that user code gets for a package which is not installed.
pub(crate) fn instead_of_package(specifier: &str) -> Option<&'static str> {
    Some(match specifier {
        "zod" | "zod/v4" => ZOD_SUBSET,
        "ai" => "smithers:ai",
        "@ai-sdk/anthropic" => "smithers:ai-anthropic",
        "@ai-sdk/openai" => "smithers:ai-openai",
        _ => return None,
    })
}

/// Returns why a specifier that nothing provides cannot be imported.
pub(crate) fn missing_reason(specifier: &str) -> String {
    let package = package_name(specifier);
    if specifier.starts_with("smithers-orchestrator/")
        || specifier.starts_with("@smithers-orchestrator/")
    {
        format!("`{specifier}` is not part of this build")
    } else if specifier.starts_with("node:") || specifier.starts_with("bun:") {
        format!("`{specifier}` is not available to workflow modules")
    } else if specifier.starts_with(['.', '/', '~']) {
        let tried = EXTENSIONS.join(", ");
        format!(
            "the file `{specifier}` does not exist, nor with one of {tried}, nor as a folder with an index file"
        )
    } else if specifier.starts_with('#') {
        format!("no package.json above the module has `{specifier}` among its `imports`")
    } else {
        format!(
            "package `{package}` is not installed; run `npm install {package}` beside the module"
        )
    }
}

fn package_name(specifier: &str) -> &str {
    let scope_end = if specifier.starts_with('@') {
        specifier.find('/').map_or(0, |at| at + 1)
    } else {
        0
    };
    match specifier[scope_end..].find('/') {
        Some(at) => &specifier[..scope_end + at],
        None => specifier,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_specifier_leads_to_a_source() {
        for specifier in [
            "smithers-orchestrator",
            "react",
            "path",
            "react/jsx-runtime",
            "fs/promises",
        ] {
            let id = for_specifier(specifier).unwrap();
            assert!(source(id).is_some(), "{id}");
        }
        for specifier in ["zod", "ai", "@ai-sdk/anthropic", "@ai-sdk/openai"] {
            let id = instead_of_package(specifier).unwrap();
            assert!(source(id).is_some(), "{id}");
        }
        assert!(source(HOST).is_some());
    }

    #[test]
    fn a_missing_package_is_named_without_its_subpath() {
        assert!(missing_reason("@ai-sdk/openai/x").contains("npm install @ai-sdk/openai`"));
        assert!(missing_reason("ai/rsc").contains("npm install ai`"));
    }
}
