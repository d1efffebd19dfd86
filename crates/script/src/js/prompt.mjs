// Prompts: what stands between the tags of a task, as the text that an agent is asked with.

import { Element, cloneElement } from "smithers:element";
import { markup } from "smithers:markup";
import { withMarkdownText } from "smithers:mdx";
import { schemaExample } from "smithers:schema-example";

/**
 * Returns `children` as text. Texts and numbers are used as they are; an element is rendered, and is given an
 * example of `outputSchema` as its `schema` property when there is such a schema.
 * Throws MDX_PRELOAD_INACTIVE for an object that is no element.
 */
export function promptText(children, outputSchema) {
  if (typeof children === "string" || typeof children === "number") return String(children);
  const needsSchema = children instanceof Element && outputSchema !== undefined && outputSchema !== null;
  return elementText(needsSchema ? cloneElement(children, { schema: schemaExample(outputSchema) }) : children);
}

/** Renders an MDX component, or any other, to the text of a prompt. */
export function renderMdx(component, props = {}) {
  return elementText(new Element(component, props, null));
}

function elementText(node) {
  return withMarkdownText(() => markup(node)).replace(/\n{3,}/g, "\n\n").trim();
}
