//! From TypeScript and JSX to the JavaScript that the engine runs. Knows oxc, knows no files.

use std::path::Path;

use oxc::allocator::Allocator;
use oxc::ast::ast::{Program, Statement};
use oxc::codegen::{Codegen, CodegenOptions};
use oxc::diagnostics::{Diagnostics, OxcDiagnostic, Severity};
use oxc::parser::Parser;
use oxc::semantic::SemanticBuilder;
use oxc::span::SourceType;
use oxc::syntax::module_record::ModuleRecord;
use oxc::transformer::{JsxOptions, TransformOptions, Transformer};

use super::bounds;
use super::commonjs;
use super::composites;
use super::mdx::{self, Segments};
use super::resolve::Package;
use super::source_map::{Lines, SourceMap, Token};
use super::state;
use crate::error::{LoadError, Place};

/// A file as the engine runs it.
#[derive(Debug)]
pub(crate) struct Transformed {
    pub(crate) code: String,
    pub(crate) map: SourceMap,
    /// Specifiers of imports and re-exports, and of dynamic imports with a literal.
    pub(crate) imports: Vec<String>,
    /// It may use composites.
    pub(crate) composites: bool,
    /// Specifiers of requires; none for an ES module.
    pub(crate) requires: Option<Vec<String>>,
    /// Where it may keep state: then what it renders may depend on how often it was asked.
    pub(crate) keeps_state: Option<Place>,
}

/// Transforms `source`. `file` is its name in messages, its extension tells the language;
/// `jsx_import_source` is the package of the JSX runtime where no pragma names one.
pub(crate) fn transform(
    file: &str,
    source: &str,
    jsx_import_source: &str,
    package: Package,
) -> Result<Transformed, LoadError> {
    let origin = Origin {
        file,
        code: source,
        source,
        segments: None,
    };
    let read_commonjs = || {
        commonjs::read(file, source).map_err(|(offset, problem)| {
            LoadError::new(file, problem).at(Some(origin.place(offset)))
        })
    };
    match extension(file) {
        "cjs" => read_commonjs(),
        "js" => match transform_code(
            &origin,
            SourceType::mjs().with_jsx(true),
            jsx_import_source,
            Some(package),
        ) {
            Ok(Some(done)) => Ok(done),
            Ok(None) => read_commonjs(),
            // Sloppy code is no module; if it is CommonJS, it is taken as such.
            Err(error) if package == Package::CommonJs => read_commonjs().map_err(|_| error),
            Err(error) => Err(error),
        },
        _ => {
            let done = transform_code(&origin, source_type(file)?, jsx_import_source, None)?;
            Ok(done.expect("a module by its name is a module"))
        }
    }
}

/// Transforms an MDX file. No code with brackets nested deeper than `bracket_depth` is parsed.
pub(crate) fn transform_mdx(
    file: &str,
    source: &str,
    jsx_import_source: &str,
    bracket_depth: usize,
) -> Result<Transformed, LoadError> {
    let compiled = mdx::compile(file, source, bracket_depth)?;
    if let Some(problem) = bounds::problem(&compiled.code, bracket_depth) {
        return Err(LoadError::new(file, problem));
    }
    let origin = Origin {
        file,
        code: &compiled.code,
        source,
        segments: Some(&compiled.segments),
    };
    let source_type = SourceType::mjs().with_jsx(true);
    let done = transform_code(&origin, source_type, jsx_import_source, None)?;
    Ok(done.expect("an MDX file is a module"))
}

/// Code that the engine's parser reads, and the author's source that it stands for.
struct Origin<'a> {
    file: &'a str,
    code: &'a str,
    source: &'a str,
    /// Where the code differs from the source.
    segments: Option<&'a Segments>,
}

impl Origin<'_> {
    /// The place in the author's source of byte `offset` of the code.
    fn place(&self, offset: usize) -> Place {
        let offset = self
            .segments
            .map_or(offset, |segments| segments.source_offset(offset));
        Place::at_offset(self.file, self.source, offset)
    }

    /// Turns positions of the code into positions of the source.
    fn map(&self, tokens: impl Iterator<Item = Token>) -> SourceMap {
        let Some(segments) = self.segments else {
            return SourceMap::new(tokens.collect());
        };
        let (code, source) = (Lines::of(self.code), Lines::of(self.source));
        let mapped = tokens.map(|token| Token {
            source: source.position(segments.source_offset(code.offset(token.source))),
            ..token
        });
        SourceMap::new(mapped.collect())
    }
}

/// Transforms a module; none when it is CommonJS, which only a file with a `package` can be.
fn transform_code(
    origin: &Origin<'_>,
    source_type: SourceType,
    jsx_import_source: &str,
    package: Option<Package>,
) -> Result<Option<Transformed>, LoadError> {
    let Origin { file, code, .. } = *origin;
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, code, source_type).parse();
    refuse_errors(origin, &parsed.diagnostics)?;
    let mut program = parsed.program;
    let mut imports = dynamic_imports(code, &parsed.module_record);

    let semantic = SemanticBuilder::new_compiler()
        .with_enum_eval(true)
        .build(&program);
    refuse_errors(origin, &semantic.diagnostics)?;
    let scoping = semantic.semantic.into_scoping();
    let is_module = parsed.module_record.has_module_syntax;
    if !is_module && package.is_some_and(|package| commonjs::is_commonjs(package, &scoping)) {
        return Ok(None);
    }
    let keeps_state = state::may_keep_state(&program, &scoping);
    let keeps_state = keeps_state.map(|offset| origin.place(offset));
    let options = transform_options(jsx_import_source);
    let done = Transformer::new(&allocator, Path::new(file), &options)
        .build_with_scoping(scoping, &mut program);
    refuse_errors(origin, &done.diagnostics)?;
    let composites = composites::among(&program, &imports);
    imports.extend(static_imports(&program));

    let options = CodegenOptions {
        source_map_path: Some(file.into()),
        ..CodegenOptions::default()
    };
    let printed = Codegen::new().with_options(options).build(&program);
    let tokens = printed
        .map
        .iter()
        .flat_map(|map| map.get_tokens())
        .map(|token| Token {
            generated: (token.get_dst_line(), token.get_dst_col()),
            source: (token.get_src_line(), token.get_src_col()),
        });
    Ok(Some(Transformed {
        map: origin.map(tokens),
        code: printed.code,
        imports,
        composites,
        requires: None,
        keeps_state,
    }))
}

fn extension(file: &str) -> &str {
    let extension = Path::new(file).extension().unwrap_or_default();
    extension.to_str().unwrap_or_default()
}

fn source_type(file: &str) -> Result<SourceType, LoadError> {
    Ok(match extension(file) {
        "ts" | "mts" => SourceType::ts(),
        "tsx" => SourceType::tsx(),
        "mjs" | "jsx" => SourceType::mjs().with_jsx(true),
        "node" => {
            let message = "native addons cannot be loaded; use a package without one";
            return Err(LoadError::new(file, message));
        }
        "cts" => {
            let message = "CommonJS in TypeScript is not supported; write an ES module";
            return Err(LoadError::new(file, message));
        }
        other => {
            let message = format!("files of type `.{other}` cannot be imported");
            return Err(LoadError::new(file, message));
        }
    })
}

fn transform_options(jsx_import_source: &str) -> TransformOptions {
    TransformOptions {
        jsx: JsxOptions {
            import_source: Some(jsx_import_source.to_owned()),
            ..JsxOptions::enable()
        },
        ..TransformOptions::default()
    }
}

fn static_imports<'a>(program: &Program<'a>) -> impl Iterator<Item = String> {
    program.body.iter().filter_map(|statement| {
        let source = match statement {
            Statement::ImportDeclaration(import) => Some(&import.source),
            Statement::ExportAllDeclaration(export) => Some(&export.source),
            Statement::ExportFromDeclaration(export) => Some(&export.source),
            _ => None,
        };
        source.map(|source| source.value.to_string())
    })
}

pub(crate) fn dynamic_imports(source: &str, record: &ModuleRecord<'_>) -> Vec<String> {
    record
        .dynamic_imports
        .iter()
        .filter_map(|import| {
            let span = import.module_request;
            let text = &source[span.start as usize..span.end as usize];
            let quote = text
                .chars()
                .next()
                .filter(|quote| matches!(quote, '"' | '\''))?;
            let inner = text.strip_prefix(quote)?.strip_suffix(quote)?;
            (!inner.contains('\\')).then(|| inner.to_owned())
        })
        .collect()
}

fn refuse_errors(origin: &Origin<'_>, diagnostics: &Diagnostics) -> Result<(), LoadError> {
    let mut errors = diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.severity == Severity::Error);
    match errors.next() {
        None => Ok(()),
        Some(first) => Err(load_error(origin, first)),
    }
}

fn load_error(origin: &Origin<'_>, diagnostic: &OxcDiagnostic) -> LoadError {
    let offset = diagnostic.labels.first().map(|label| label.offset());
    let place = offset.map(|offset| origin.place(offset as usize));
    LoadError::new(origin.file, diagnostic.message.to_string()).at(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transformed(file: &str, source: &str) -> Transformed {
        transform(file, source, "smithers-orchestrator", Package::Own).unwrap()
    }

    #[test]
    fn types_are_stripped_and_type_imports_are_not_followed() {
        let out = transformed(
            "a.ts",
            "import type { A } from './a'; import { b, type C } from './b'; export const x: C = b as C;",
        );
        assert_eq!(out.imports, ["./b"]);
        assert!(out.code.contains("export const x = b;"), "{}", out.code);
    }

    #[test]
    fn jsx_imports_the_runtime_of_the_pragma_or_else_the_default() {
        let plain = transformed("a.tsx", "export default () => <a b={1}/>;");
        assert_eq!(plain.imports, ["smithers-orchestrator/jsx-runtime"]);
        let pragma = transformed(
            "a.tsx",
            "/** @jsxImportSource react */ export default () => <a/>;",
        );
        assert_eq!(pragma.imports, ["react/jsx-runtime"]);
    }

    #[test]
    fn re_exports_and_literal_dynamic_imports_are_found() {
        let out = transformed(
            "a.mjs",
            "export * from './a'; export { b } from './b'; await import('./c'); import(name());",
        );
        let mut imports = out.imports;
        imports.sort();
        assert_eq!(imports, ["./a", "./b", "./c"]);
    }

    #[test]
    fn positions_lead_back_to_the_source() {
        let out = transformed(
            "a.ts",
            "interface A {\n  a: string;\n}\n\nexport function f(): never {\n  throw new Error('x');\n}\n",
        );
        let line = out
            .code
            .lines()
            .position(|line| line.contains("throw"))
            .unwrap()
            + 1;
        let column = out
            .code
            .lines()
            .nth(line - 1)
            .unwrap()
            .find("throw")
            .unwrap()
            + 1;
        assert_eq!(out.map.original(line as u32, column as u32), (6, 3));
    }

    #[test]
    fn a_syntax_error_has_its_place() {
        let error = transform("a.ts", "let a = 1;\nlet b = ;\n", "x", Package::Own).unwrap_err();
        let place = error.place.unwrap();
        assert_eq!((place.line, place.column), (2, 9));
        assert!(place.frame.contains("> 2 | let b = ;"), "{}", place.frame);
    }

    #[test]
    fn a_name_declared_twice_is_refused() {
        let error = transform("a.ts", "let a = 1; let a = 2;", "x", Package::Own).unwrap_err();
        assert!(error.message.contains("`a`"), "{}", error.message);
    }
}
