//! The Markdown of an MDX file as JSX.

use std::collections::{BTreeSet, HashMap};

use markdown::mdast::{AttributeContent, AttributeValue, List, ListItem, Node};

use super::error_at;
use super::writer::Writer;
use crate::error::LoadError;

/// Deepest nesting of elements.
const DEEPEST: usize = 100;

/// The JSX of a file's blocks.
pub(super) struct Body<'a> {
    pub(super) out: Writer,
    /// Components that are used and not declared: they must be given.
    pub(super) missing: BTreeSet<String>,
    /// Whether there is nothing to render.
    pub(super) is_empty: bool,
    file: &'a str,
    source: &'a str,
    declared: &'a BTreeSet<String>,
    definitions: HashMap<String, (String, Option<String>)>,
    depth: usize,
}

impl<'a> Body<'a> {
    /// Writes `blocks`; `declared` are the names that imports and exports bring.
    pub(super) fn of(
        file: &'a str,
        source: &'a str,
        declared: &'a BTreeSet<String>,
        blocks: &[Node],
    ) -> Result<Self, LoadError> {
        let mut body = Self {
            out: Writer::default(),
            missing: BTreeSet::new(),
            is_empty: true,
            file,
            source,
            declared,
            definitions: HashMap::new(),
            depth: 0,
        };
        body.find_definitions(blocks, 0);
        let shown: Vec<_> = blocks.iter().filter(|block| is_shown(block)).collect();
        body.is_empty = shown.is_empty();
        body.blocks(&shown, false)?;
        Ok(body)
    }

    fn find_definitions(&mut self, nodes: &[Node], depth: usize) {
        for node in nodes {
            if let Node::Definition(definition) = node {
                self.definitions
                    .entry(definition.identifier.clone())
                    .or_insert((definition.url.clone(), definition.title.clone()));
            } else if let Some(children) = node.children().filter(|_| depth < DEEPEST) {
                self.find_definitions(children, depth + 1);
            }
        }
    }

    /// Writes blocks with line ends between them, and around them when they are `loose`.
    fn blocks(&mut self, blocks: &[&Node], loose: bool) -> Result<(), LoadError> {
        for (index, block) in blocks.iter().enumerate() {
            if loose || index > 0 {
                self.text("\n");
            }
            // Blank to JSX; positions are looked up along a line.
            self.out.glue("\n");
            self.node(block)?;
        }
        if loose {
            self.text("\n");
        }
        Ok(())
    }

    fn children(&mut self, children: &[Node]) -> Result<(), LoadError> {
        children.iter().try_for_each(|child| self.node(child))
    }

    fn node(&mut self, node: &Node) -> Result<(), LoadError> {
        let offset = node.position().map_or(0, |position| position.start.offset);
        self.depth += 1;
        if self.depth > DEEPEST {
            let message = format!("elements are nested deeper than {DEEPEST}");
            return Err(error_at(self.file, self.source, offset, message));
        }
        self.out.mark(offset);
        self.write(node)?;
        self.depth -= 1;
        Ok(())
    }

    fn write(&mut self, node: &Node) -> Result<(), LoadError> {
        match node {
            Node::Paragraph(paragraph) if is_bare(&paragraph.children) => {
                let shown = paragraph.children.iter().filter(|node| !is_space(node));
                shown.into_iter().try_for_each(|child| self.node(child))
            }
            Node::Paragraph(paragraph) => self.tag("p", &[], &paragraph.children),
            Node::Heading(heading) => {
                self.tag(&format!("h{}", heading.depth), &[], &heading.children)
            }
            Node::Emphasis(emphasis) => self.tag("em", &[], &emphasis.children),
            Node::Strong(strong) => self.tag("strong", &[], &strong.children),
            Node::Blockquote(quote) => self.around("blockquote", &[], |body| {
                let shown: Vec<_> = quote
                    .children
                    .iter()
                    .filter(|node| is_shown(node))
                    .collect();
                body.blocks(&shown, true)
            }),
            Node::List(list) => self.list(list),
            Node::ListItem(item) => self.item(item, item.spread),
            Node::ThematicBreak(_) => self.tag("hr", &[], &[]),
            Node::Break(_) => {
                self.tag("br", &[], &[])?;
                self.text("\n");
                Ok(())
            }
            Node::Text(text) => {
                self.text(&text.value);
                Ok(())
            }
            Node::InlineCode(code) => self.around("code", &[], |body| {
                body.text(&code.value);
                Ok(())
            }),
            Node::Code(code) => self.around("pre", &[], |body| {
                let class = code.lang.as_ref().map(|lang| format!("language-{lang}"));
                body.around("code", &[("className", class.as_deref())], |body| {
                    body.text(&format!("{}\n", code.value));
                    Ok(())
                })
            }),
            Node::Link(link) => {
                let attributes = [("href", Some(&*link.url)), ("title", link.title.as_deref())];
                self.tag("a", &attributes, &link.children)
            }
            Node::Image(image) => self.image(&image.url, &image.alt, image.title.as_deref()),
            Node::LinkReference(link) => {
                let (url, title) = self.definition(&link.identifier);
                let attributes = [("href", Some(&*url)), ("title", title.as_deref())];
                self.tag("a", &attributes, &link.children)
            }
            Node::ImageReference(image) => {
                let (url, title) = self.definition(&image.identifier);
                self.image(&url, &image.alt, title.as_deref())
            }
            Node::MdxFlowExpression(code) => self.expression(&code.value, &code.stops),
            Node::MdxTextExpression(code) => self.expression(&code.value, &code.stops),
            Node::MdxJsxFlowElement(element) => self.element(
                element.name.as_deref(),
                &element.attributes,
                &element.children,
            ),
            Node::MdxJsxTextElement(element) => self.element(
                element.name.as_deref(),
                &element.attributes,
                &element.children,
            ),
            other => self.children(other.children().map_or(&[], Vec::as_slice)),
        }
    }

    fn list(&mut self, list: &List) -> Result<(), LoadError> {
        let tag = if list.ordered { "ol" } else { "ul" };
        let start = list.start.filter(|start| list.ordered && *start != 1);
        let spread = |item: &Node| matches!(item, Node::ListItem(item) if item.spread);
        let loose = list.spread || list.children.iter().any(spread);
        self.open(tag);
        if let Some(start) = start {
            self.out.glue(&format!(" start={{{start}}}"));
        }
        self.out.glue(">");
        for child in &list.children {
            self.text("\n");
            match child {
                Node::ListItem(item) => self.item(item, loose)?,
                other => self.node(other)?,
            }
        }
        self.text("\n");
        self.close(tag);
        Ok(())
    }

    /// An item; the paragraphs of one that is not loose are written without their tags.
    fn item(&mut self, item: &ListItem, loose: bool) -> Result<(), LoadError> {
        self.around("li", &[], |body| {
            for (index, child) in item.children.iter().enumerate() {
                match child {
                    Node::Paragraph(paragraph) if !loose => body.children(&paragraph.children)?,
                    other => {
                        if loose || index > 0 {
                            body.text("\n");
                        }
                        body.node(other)?;
                    }
                }
            }
            Ok(())
        })
    }

    fn image(&mut self, src: &str, alt: &str, title: Option<&str>) -> Result<(), LoadError> {
        let attributes = [("src", Some(src)), ("alt", Some(alt)), ("title", title)];
        self.tag("img", &attributes, &[])
    }

    /// The target of a reference; the parser makes none without a definition.
    fn definition(&self, identifier: &str) -> (String, Option<String>) {
        self.definitions
            .get(identifier)
            .cloned()
            .unwrap_or_default()
    }

    fn expression(&mut self, code: &str, stops: &[(usize, usize)]) -> Result<(), LoadError> {
        self.out.glue("{");
        self.out.copy_pieces(code, stops);
        self.out.glue("}");
        Ok(())
    }

    /// An element that the author wrote.
    fn element(
        &mut self,
        name: Option<&str>,
        attributes: &[AttributeContent],
        children: &[Node],
    ) -> Result<(), LoadError> {
        let name = name.unwrap_or_default();
        self.need(name);
        self.out.glue(&format!("<{name}"));
        for attribute in attributes {
            self.attribute(attribute);
        }
        self.out.glue(">");
        let shown = children.iter().filter(|child| is_shown(child));
        shown.into_iter().try_for_each(|child| self.node(child))?;
        self.out.glue(&format!("</{name}>"));
        Ok(())
    }

    fn attribute(&mut self, attribute: &AttributeContent) {
        match attribute {
            AttributeContent::Expression(spread) => {
                self.out.glue(" {");
                self.out.copy_pieces(&spread.value, &spread.stops);
                self.out.glue("}");
            }
            AttributeContent::Property(property) => {
                self.out.glue(&format!(" {}", property.name));
                match &property.value {
                    None => {}
                    Some(AttributeValue::Literal(text)) => {
                        self.out.glue(&format!("={{{}}}", quoted(text)));
                    }
                    Some(AttributeValue::Expression(code)) => {
                        self.out.glue("={");
                        self.out.copy_pieces(&code.value, &code.stops);
                        self.out.glue("}");
                    }
                }
            }
        }
    }

    /// Notes that component `name` must be given when nothing declares it.
    fn need(&mut self, name: &str) {
        let first = name.split('.').next().unwrap_or_default();
        let is_component = first.starts_with(|letter: char| letter.is_uppercase());
        if is_component && !self.declared.contains(first) {
            self.missing.insert(first.to_owned());
        }
    }

    fn tag(
        &mut self,
        tag: &str,
        attributes: &[(&str, Option<&str>)],
        children: &[Node],
    ) -> Result<(), LoadError> {
        self.around(tag, attributes, |body| body.children(children))
    }

    /// Writes what `inside` writes between the tags of a Markdown element.
    fn around(
        &mut self,
        tag: &str,
        attributes: &[(&str, Option<&str>)],
        inside: impl FnOnce(&mut Self) -> Result<(), LoadError>,
    ) -> Result<(), LoadError> {
        self.open(tag);
        for (name, value) in attributes {
            if let Some(value) = value {
                self.out.glue(&format!(" {name}={{{}}}", quoted(value)));
            }
        }
        self.out.glue(">");
        inside(self)?;
        self.close(tag);
        Ok(())
    }

    fn open(&mut self, tag: &str) {
        self.out.glue(&format!("<_mdxTags.{tag}"));
    }

    fn close(&mut self, tag: &str) {
        self.out.glue(&format!("</_mdxTags.{tag}>"));
    }

    fn text(&mut self, text: &str) {
        self.out.glue(&format!("{{{}}}", quoted(text)));
    }
}

/// `text` as a literal of JavaScript.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("a text is written as JSON")
}

/// Whether a block renders anything.
fn is_shown(node: &Node) -> bool {
    !matches!(node, Node::MdxjsEsm(_) | Node::Definition(_))
}

/// Whether a paragraph holds nothing but elements and expressions: it is then no paragraph.
fn is_bare(children: &[Node]) -> bool {
    let is_code = |node: &Node| {
        matches!(
            node,
            Node::MdxJsxTextElement(_) | Node::MdxTextExpression(_)
        )
    };
    children.iter().any(is_code) && children.iter().all(|node| is_code(node) || is_space(node))
}

fn is_space(node: &Node) -> bool {
    matches!(node, Node::Text(text) if text.value.trim().is_empty())
}
