// Elements as text: static markup with the tags written out and nothing escaped.
//
// A prompt is read by a model, not by a browser: escaping for a page and decoding once again gives back
// the same text, so neither is done. Only markup that an author hands over as such is decoded.

import { SmithersError } from "smithers:errors";
import { Element, Fragment, Provider } from "smithers:element";
import { callComponent } from "smithers:hooks";

const DEEPEST = 500;

const VOID_TAGS = new Set("area base br col embed hr img input link meta param source track wbr".split(" "));

const ATTRIBUTE_NAMES = { className: "class", htmlFor: "for", httpEquiv: "http-equiv", acceptCharset: "accept-charset" };

const NOT_ATTRIBUTES = new Set(["children", "dangerouslySetInnerHTML", "components", "suppressHydrationWarning"]);

/** Returns `node` as text: components called, tags written out. */
export function markup(node, depth = 0) {
  if (node === null || node === undefined || typeof node === "boolean" || typeof node === "function") return "";
  if (typeof node === "string" || typeof node === "number" || typeof node === "bigint") return String(node);
  if (depth > DEEPEST) throw new SmithersError("INVALID_INPUT", `elements of a prompt are nested deeper than ${DEEPEST}`);
  if (node instanceof Element) return elementMarkup(node, depth + 1);
  if (typeof node === "object" && typeof node[Symbol.iterator] === "function") {
    let text = "";
    for (const child of node) text += markup(child, depth + 1);
    return text;
  }
  throw unrendered(node);
}

function elementMarkup({ type, props }, depth) {
  if (typeof type === "function") return markup(callComponent({ hooks: null, restart: false }, type, props), depth);
  if (typeof type === "string") return tagMarkup(type, props, depth);
  if (type === Fragment) return markup(props.children, depth);
  const provider = type instanceof Provider ? type : type?.Provider;
  if (provider instanceof Provider) return providedMarkup(provider.context, props, depth);
  throw unrendered(type);
}

function providedMarkup(context, props, depth) {
  const outer = context.current;
  context.current = props.value;
  try {
    return markup(props.children, depth);
  } finally {
    context.current = outer;
  }
}

function tagMarkup(tag, props, depth) {
  const open = `<${tag}${attributes(props)}`;
  if (VOID_TAGS.has(tag)) return `${open}/>`;
  const html = props.dangerouslySetInnerHTML?.__html;
  return `${open}>${html === undefined ? markup(props.children, depth) : decoded(String(html))}</${tag}>`;
}

function attributes(props) {
  let text = "";
  for (const name in props) {
    if (!NOT_ATTRIBUTES.has(name)) text += attribute(ATTRIBUTE_NAMES[name] ?? name, props[name]);
  }
  return text;
}

function attribute(name, value) {
  if (value === null || value === undefined || typeof value === "function" || typeof value === "symbol") return "";
  if (typeof value === "boolean" && !/^(aria|data)-/.test(name)) return value ? ` ${name}=""` : "";
  if (name === "style" && typeof value === "object") return ` style="${styleText(value)}"`;
  return ` ${name}="${value}"`;
}

function styleText(style) {
  const written = ([name, value]) => `${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}:${value}`;
  return Object.entries(style).map(written).join(";");
}

const ENTITIES = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00a0" };

/** Decodes the entities of a text, once. */
export function decoded(text) {
  return text.replace(/&(?:#x([0-9a-f]{1,6})|#([0-9]{1,7})|([a-z]+));/gi, (whole, hex, decimal, name) => {
    if (name !== undefined) return ENTITIES[name] ?? whole;
    const point = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    return point <= 0x10ffff ? String.fromCodePoint(point) : whole;
  });
}

function unrendered(value) {
  const kind = typeof value?.then === "function" ? "a promise" : Array.isArray(value) ? "an array" : value === null ? "null" : typeof value;
  return new SmithersError(
    "MDX_PRELOAD_INACTIVE",
    `a prompt holds ${kind === "object" ? "an object" : kind} that cannot be rendered to text; give it an element, a text or a number`,
  );
}
