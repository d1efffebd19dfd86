//! Imports and exports of an MDX file: copied as they are, but for the default export.

use std::collections::BTreeSet;

use markdown::mdast::MdxjsEsm;
use oxc::allocator::Allocator;
use oxc::ast::ast::{Declaration, ExportDefaultDeclarationKind as Default_, Statement};
use oxc::parser::Parser;
use oxc::span::{GetSpan, SourceType};

use super::writer::Writer;

/// What the imports and exports of a file say.
#[derive(Debug, Default)]
pub(super) struct Esm {
    /// Names that they declare.
    pub(super) declared: BTreeSet<String>,
    /// Whether a default export was renamed to `_mdxLayout`.
    pub(super) has_layout: bool,
}

/// A default export: where it begins, where its declaration begins, and the declaration's name.
struct Layout {
    start: usize,
    declaration: usize,
    end: usize,
    name: Option<String>,
}

impl Esm {
    /// Writes `code`; its default export becomes the layout.
    pub(super) fn write(&mut self, out: &mut Writer, code: &MdxjsEsm) {
        let text = code.value.as_str();
        let layout = self.note(text);
        match layout.filter(|_| !self.has_layout) {
            None => copy(out, code, 0, text.len()),
            Some(layout) => {
                self.has_layout = true;
                copy(out, code, 0, layout.start);
                if layout.name.is_none() {
                    out.glue("const _mdxLayout = ");
                }
                copy(out, code, layout.declaration, layout.end);
                out.glue(";\n");
                if let Some(name) = layout.name {
                    out.glue(&format!("const _mdxLayout = {name};\n"));
                }
                copy(out, code, layout.end, text.len());
            }
        }
        out.glue("\n");
    }

    /// Notes what `code` declares and returns its default export.
    fn note(&mut self, code: &str) -> Option<Layout> {
        let allocator = Allocator::default();
        let source_type = SourceType::mjs().with_jsx(true);
        let parsed = Parser::new(&allocator, code, source_type).parse();
        let mut layout = None;
        for statement in &parsed.program.body {
            match statement {
                Statement::ImportDeclaration(import) => {
                    let specifiers = import.specifiers.iter().flatten();
                    self.declared
                        .extend(specifiers.map(|specifier| specifier.local().name.to_string()));
                }
                Statement::ExportDeclaration(export) => self.note_declaration(&export.declaration),
                Statement::ExportDefaultDeclaration(export) => {
                    let name = match &export.declaration {
                        Default_::FunctionDeclaration(function) => function.id.as_ref(),
                        Default_::ClassDeclaration(class) => class.id.as_ref(),
                        _ => None,
                    };
                    let name = name.map(|id| id.name.to_string());
                    self.declared.extend(name.clone());
                    layout = Some(Layout {
                        start: export.span.start as usize,
                        declaration: export.declaration.span().start as usize,
                        end: export.declaration.span().end as usize,
                        name,
                    });
                }
                _ => {}
            }
        }
        layout
    }

    fn note_declaration(&mut self, declaration: &Declaration<'_>) {
        match declaration {
            Declaration::VariableDeclaration(variables) => {
                for variable in &variables.declarations {
                    let names = variable.id.get_binding_identifiers();
                    self.declared
                        .extend(names.iter().map(|id| id.name.to_string()));
                }
            }
            Declaration::FunctionDeclaration(function) => self
                .declared
                .extend(function.id.iter().map(|id| id.name.to_string())),
            Declaration::ClassDeclaration(class) => self
                .declared
                .extend(class.id.iter().map(|id| id.name.to_string())),
            _ => {}
        }
    }
}

/// Copies a part of `code` with its places.
fn copy(out: &mut Writer, code: &MdxjsEsm, from: usize, to: usize) {
    let source = |at: usize| {
        let index = code.stops.partition_point(|stop| stop.0 <= at);
        let stop = index.checked_sub(1).map(|index| code.stops[index]);
        stop.map_or(at, |(relative, absolute)| absolute + (at - relative))
    };
    let inside = code
        .stops
        .iter()
        .filter(|stop| stop.0 > from && stop.0 < to);
    let stops: Vec<_> = std::iter::once((0, source(from)))
        .chain(inside.map(|stop| (stop.0 - from, stop.1)))
        .collect();
    out.copy_pieces(&code.value[from..to], &stops);
}
