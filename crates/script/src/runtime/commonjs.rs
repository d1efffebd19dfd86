//! CommonJS files: what their runtime asks the graph for, and the ES modules that stand for them.

use std::sync::Arc;

use rquickjs::context::EvalOptions;
use rquickjs::{Ctx, Function, Object, Result, Value};

use crate::graph::{Form, ModuleGraph};

/// Puts the functions where `smithers:commonjs` takes them.
pub(super) fn install<'js>(
    ctx: &Ctx<'js>,
    native: &Object<'js>,
    graph: &Arc<ModuleGraph>,
) -> Result<()> {
    let functions = Object::new(ctx.clone())?;
    let paths = Arc::clone(graph);
    let path = move |name: String| paths.path(&name).map(|path| path.display().to_string());
    let forms = Arc::clone(graph);
    let form = move |name: String| match forms.form(&name) {
        Some(Form::CommonJs) => "commonjs",
        Some(Form::Json) => "json",
        Some(Form::EsModule) | None => "module",
    };
    let targets = Arc::clone(graph);
    let resolve = move |from: String, specifier: String| {
        targets.required(&from, &specifier).map(str::to_owned)
    };
    let sources = Arc::clone(graph);
    let source = move |name: String| sources.source(&name).map(str::to_owned);
    functions.set("path", Function::new(ctx.clone(), path)?)?;
    functions.set("form", Function::new(ctx.clone(), form)?)?;
    functions.set("resolve", Function::new(ctx.clone(), resolve)?)?;
    functions.set("source", Function::new(ctx.clone(), source)?)?;
    functions.set("compile", compiler(ctx, graph)?)?;
    native.set("commonjs", functions)
}

/// A function that gives the function which a CommonJS file is the body of.
fn compiler<'js>(ctx: &Ctx<'js>, graph: &Arc<ModuleGraph>) -> Result<Function<'js>> {
    let graph = Arc::clone(graph);
    let compile = move |ctx: Ctx<'js>, name: String| -> Result<Value<'js>> {
        let mut options = EvalOptions::default();
        options.strict = false;
        options.filename = Some(name.clone());
        let code = match graph.form(&name) {
            Some(Form::CommonJs) => graph.code(&name).unwrap_or_default(),
            _ => "undefined",
        };
        ctx.eval_with_options(code, options)
    };
    Function::new(ctx.clone(), compile)
}

/// Runs CommonJS file `name` and returns the code of the ES module that stands for it.
pub(super) fn facade(ctx: &Ctx<'_>, name: &str) -> Result<String> {
    let names: Vec<String> = ctx
        .eval::<Function<'_>, _>("globalThis[Symbol.for('smithers.commonjs')]")?
        .call((name,))?;
    let quoted = serde_json::to_string(name).unwrap_or_default();
    let mut code = format!(
        "import {{ exportsOf }} from \"smithers:commonjs\";\n\
         const found = exportsOf({quoted});\nexport default found.default;\n"
    );
    for (index, name) in names.iter().enumerate() {
        code.push_str(&format!(
            "const name{index} = found.exports.{name};\nexport {{ name{index} as {name} }};\n"
        ));
    }
    Ok(code)
}
