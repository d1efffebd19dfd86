//! MDX: from Markdown with JSX, expressions and imports to a module in JSX that keeps its positions.
//!
//! The module exports a component. Its Markdown becomes elements of `components`, which are text
//! while a prompt is rendered. Tags that the author wrote stay tags. A default export of the file is
//! its layout: it gets the properties, and the rest of the file as its children.

mod body;
mod esm;
mod parse;
mod writer;

use markdown::mdast::Node;

use self::body::Body;
use self::esm::Esm;
pub(crate) use self::writer::Segments;
use self::writer::Writer;
use crate::error::{LoadError, Place};

/// Tags that Markdown makes.
const TAGS: [&str; 19] = [
    "a",
    "blockquote",
    "br",
    "code",
    "em",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "img",
    "li",
    "ol",
    "p",
    "pre",
    "strong",
    "ul",
];

/// An MDX file as JSX.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub(crate) code: String,
    /// From offsets of `code` to offsets of the source.
    pub(crate) segments: Segments,
}

/// Compiles `source`; `file` is its name in messages. No piece with brackets nested deeper than
/// `bracket_depth` is parsed.
pub(crate) fn compile(
    file: &str,
    source: &str,
    bracket_depth: usize,
) -> Result<Compiled, LoadError> {
    let root = parse::parse(file, source, bracket_depth)?;
    let blocks = root.children().map_or(&[][..], Vec::as_slice);
    let mut out = Writer::default();
    let mut esm = Esm::default();
    for block in blocks {
        if let Node::MdxjsEsm(code) = block {
            esm.write(&mut out, code);
        }
    }
    let body = Body::of(file, source, &esm.declared, blocks)?;
    out.glue(
        "import { component as _mdxComponent, useMDXComponents as _mdxProvided } \
         from \"smithers-orchestrator/mdx\";\n",
    );
    let is_empty = body.is_empty;
    if !is_empty {
        write_content(&mut out, body);
    }
    out.glue("export default function MDXContent(props) {\nreturn ");
    out.glue(match (esm.has_layout, is_empty) {
        (true, true) => "<_mdxLayout {...props}/>",
        (true, false) => "<_mdxLayout {...props}><_mdxContent {...props}/></_mdxLayout>",
        (false, true) => "null",
        (false, false) => "_mdxContent(props)",
    });
    out.glue(";\n}\n");
    let (code, segments) = out.finish();
    Ok(Compiled { code, segments })
}

/// Writes the function that makes the elements of the file.
fn write_content(out: &mut Writer, body: Body<'_>) {
    out.glue("function _mdxContent(props) {\nconst _mdxTags = {");
    for tag in TAGS {
        out.glue(&format!("{tag}: \"{tag}\", "));
    }
    out.glue("..._mdxProvided(), ...props.components};\n");
    for name in &body.missing {
        out.glue(&format!(
            "const {name} = _mdxComponent(_mdxTags, \"{name}\");\n"
        ));
    }
    out.glue("return <>");
    out.append(body.out);
    out.glue("</>;\n}\n");
}

/// An error at byte `offset` of the source.
fn error_at(file: &str, source: &str, offset: usize, message: impl Into<String>) -> LoadError {
    LoadError::new(file, message).at(Some(Place::at_offset(file, source, offset)))
}

#[cfg(test)]
mod tests;
