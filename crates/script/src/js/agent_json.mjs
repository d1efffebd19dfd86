// Finds JSON in the text of an answer. Every scan is one pass; what comes out is parsed, or nothing.

/** Most places of one text that are tried. */
const MOST_CANDIDATES = 16;

/** The value of a text that is JSON as a whole: an object or a list. Undefined when it is none. */
export function wholeJson(text) {
  const trimmed = text.trim();
  return trimmed.startsWith("{") || trimmed.startsWith("[") ? parsed(trimmed) : undefined;
}

/** The object in the last fenced block that begins with one. */
export function lastFencedObject(text) {
  const blocks = fencedBlocks(text).filter((block) => block.startsWith("{"));
  return blocks.length === 0 ? undefined : parsed(blocks[blocks.length - 1]);
}

/** The first object that stands in the text by itself. */
export function firstObject(text) {
  for (const pieces of [objectsOf(text, true), objectsOf(text, false)]) {
    const value = firstParsed(pieces.filter((piece) => piece.outermost).slice(0, MOST_CANDIDATES), text);
    if (value !== undefined) return value;
  }
  return undefined;
}

/** The object that closes last in the text. */
export function lastObject(text) {
  for (const pieces of [objectsOf(text, true), objectsOf(text, false)]) {
    const value = firstParsed(pieces.slice(-MOST_CANDIDATES).reverse(), text);
    if (value !== undefined) return value;
  }
  return undefined;
}

function firstParsed(pieces, text) {
  for (const { start, end } of pieces) {
    const value = parsed(text.slice(start, end));
    if (value !== undefined) return value;
  }
  return undefined;
}

function parsed(text) {
  try {
    const value = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

const FENCE = "```";

/** What stands between fences, without the word after the opening one. */
function fencedBlocks(text) {
  const parts = text.split(FENCE);
  const blocks = [];
  for (let at = 1; at < parts.length - 1; at += 2) {
    const line = parts[at].indexOf("\n");
    blocks.push((line < 0 ? parts[at] : parts[at].slice(line + 1)).trim());
  }
  return blocks;
}

/**
 * Places of balanced braces in the order in which they close. With `quoted`, braces inside of texts do not count;
 * prose may hold a single quotation mark, so a second scan without it finds what the first one misses.
 */
function objectsOf(text, quoted) {
  const open = [];
  const found = [];
  let inText = false;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (inText) {
      if (char === "\\") at += 1;
      else if (char === '"' || char === "\n") inText = false;
    } else if (char === '"' && quoted && open.length > 0) {
      inText = true;
    } else if (char === "{") {
      open.push(at);
    } else if (char === "}" && open.length > 0) {
      found.push({ start: open.pop(), end: at + 1, outermost: open.length === 0 });
    }
  }
  return found;
}
