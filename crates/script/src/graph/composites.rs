//! Whether a file may use composites: they are loaded only for files that do.

use oxc::ast::ast::{
    ExportSpecifier, ImportDeclarationSpecifier, ModuleExportName, Program, Statement,
};

use super::builtin;

/// Whether `program` may use a composite. `dynamic` are the specifiers of its dynamic imports.
pub(super) fn among(program: &Program<'_>, dynamic: &[String]) -> bool {
    dynamic.iter().any(|specifier| is_index(specifier)) || program.body.iter().any(may_use)
}

fn may_use(statement: &Statement<'_>) -> bool {
    match statement {
        Statement::ImportDeclaration(import) if is_index(&import.source.value) => {
            let mut specifiers = import.specifiers.iter().flatten();
            specifiers.any(|specifier| match specifier {
                ImportDeclarationSpecifier::ImportSpecifier(one) => is_composite(&one.imported),
                _ => true,
            })
        }
        Statement::ExportAllDeclaration(export) => is_index(&export.source.value),
        Statement::ExportFromDeclaration(export) if is_index(&export.source.value) => {
            let mut specifiers = export.specifiers.iter();
            specifiers.any(|ExportSpecifier { local, .. }| is_composite(local))
        }
        _ => false,
    }
}

fn is_index(specifier: &str) -> bool {
    builtin::for_specifier(specifier) == Some(builtin::INDEX)
}

/// The list of the composites is the file that exports them.
fn is_composite(name: &ModuleExportName<'_>) -> bool {
    let exports = builtin::source(builtin::COMPOSITES).expect("it is built in");
    exports.contains(&format!("export {{ {} }} ", name.name()))
}

#[cfg(test)]
mod tests {
    use super::super::resolve::Package;
    use super::super::transform::transform;

    fn uses_composites(source: &str) -> bool {
        let jsx = "smithers-orchestrator";
        let done = transform("a.ts", source, jsx, Package::Own).unwrap();
        done.composites
    }

    #[test]
    fn composites_are_loaded_for_files_that_name_one_or_take_everything() {
        let whole = "'smithers-orchestrator'";
        for (source, expected) in [
            (
                format!("import {{ Task, Loop }} from {whole}; Task(Loop);"),
                false,
            ),
            (
                format!("import {{ Task, Panel as P }} from {whole}; P(Task);"),
                true,
            ),
            (format!("import * as all from {whole}; all.x();"), true),
            (format!("export * from {whole};"), true),
            (format!("export {{ Task }} from {whole};"), false),
            (
                format!("export {{ Poller as default }} from {whole};"),
                true,
            ),
            (format!("const all = await import({whole}); all.x();"), true),
            ("import { Panel } from './own'; Panel();".to_owned(), false),
        ] {
            assert_eq!(uses_composites(&source), expected, "{source}");
        }
    }
}
