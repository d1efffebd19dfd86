//! CommonJS files: which they are, and what they require.

use oxc::allocator::Allocator;
use oxc::ast::ast::{Argument, CallExpression, Expression, Program};
use oxc::ast_visit::{Visit, walk};
use oxc::diagnostics::Severity;
use oxc::parser::Parser;
use oxc::semantic::Scoping;
use oxc::span::SourceType;

use super::resolve::Package;
use super::source_map::SourceMap;
use super::transform::Transformed;
use crate::error::Place;

/// What a file's code becomes before it is compiled: the body of a function.
const OPENING: &str = "(function (exports, require, module, __filename, __dirname) {";
const CLOSING: &str = "\n})";

/// Names that only a CommonJS file finds without declaring them.
const OWN_NAMES: [&str; 3] = ["exports", "module", "require"];

/// Whether a file without imports and exports is a CommonJS file.
pub(crate) fn is_commonjs(package: Package, scoping: &Scoping) -> bool {
    match package {
        Package::Module => false,
        Package::CommonJs => true,
        Package::Own => {
            let free = scoping.root_unresolved_references();
            OWN_NAMES.iter().any(|name| free.contains_key(*name))
        }
    }
}

/// Reads `source` of `file` as CommonJS, or says where it is none: byte offset and problem.
pub(crate) fn read(file: &str, source: &str) -> Result<Transformed, (usize, String)> {
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, source, SourceType::cjs()).parse();
    let error = parsed
        .diagnostics
        .iter()
        .find(|diagnostic| diagnostic.severity == Severity::Error);
    if let Some(error) = error {
        let offset = error.labels.first().map_or(0, |label| label.offset());
        return Err((offset as usize, error.message.to_string()));
    }
    let imports = super::transform::dynamic_imports(source, &parsed.module_record);
    Ok(wrapped(file, source, &parsed.program, imports))
}

fn wrapped(file: &str, source: &str, program: &Program<'_>, imports: Vec<String>) -> Transformed {
    let mut requires = Requires::default();
    requires.visit_program(program);
    // A first line that names an interpreter is no code; blanks keep what follows in its place.
    let shebang = source
        .strip_prefix("#!")
        .map_or(0, |rest| 2 + rest.find('\n').unwrap_or(rest.len()));
    let code = format!(
        "{OPENING}{}{}{CLOSING}",
        " ".repeat(shebang),
        &source[shebang..]
    );
    Transformed {
        code,
        map: SourceMap::behind(OPENING.len() as u32),
        imports,
        // It gets a whole module and takes what it wants.
        composites: true,
        requires: Some(requires.specifiers),
        // What it exports it may change at any time.
        keeps_state: Some(Place::at_offset(file, source, 0)),
    }
}

/// Literals that `require` is called with.
#[derive(Default)]
struct Requires {
    specifiers: Vec<String>,
}

impl<'a> Visit<'a> for Requires {
    fn visit_call_expression(&mut self, call: &CallExpression<'a>) {
        if let Expression::Identifier(name) = &call.callee
            && name.name == "require"
            && let Some(Argument::StringLiteral(specifier)) = call.arguments.first()
        {
            self.specifiers.push(specifier.value.to_string());
        }
        walk::walk_call_expression(self, call);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literal_requires_are_found_wherever_they_are() {
        let read = read(
            "a.cjs",
            "#!/bin/x\nif (a) { b(require('./c'), require(d)); }\nreturn require(\"e\").f;",
        )
        .unwrap();
        assert_eq!(read.requires.unwrap(), ["./c", "e"]);
        assert!(
            read.code.starts_with(&format!("{OPENING}        \nif")),
            "{}",
            read.code
        );
    }

    #[test]
    fn sloppy_code_is_taken_and_broken_code_has_its_place() {
        assert!(read("a.cjs", "with (a) { b = 010; } var await = 1;").is_ok());
        assert!(read("a.cjs", "a;\nlet = = 2;").unwrap_err().0 > 3);
    }
}
