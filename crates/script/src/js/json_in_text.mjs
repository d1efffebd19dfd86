// Finds JSON objects in text that may hold anything else: explanations, broken JSON, braces of other kinds.
//
// A candidate begins at a brace and is followed by the grammar of JSON, which ends a wrong one early. A brace
// that such an attempt took as the beginning of an object is not tried again: what became of it is known.
// An attempt takes each brace either as such or as part of a string, and two attempts that cross the same place
// differ in that, so no place is crossed more than twice and the whole stays linear.

const VALUE = 0;
const FIRST_VALUE = 1;
const KEY = 2;
const FIRST_KEY = 3;
const COLON = 4;
const AFTER = 5;

const DEEPEST = 500;
const LONGEST_SCALAR = 400;
const SCALAR = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$/;

/** How many of the objects found are parsed before giving up. */
const MOST_PARSED = 8;

/** The object that begins first, or undefined. */
export function firstObject(text) {
  return parsed(text, objectSpans(text).sort((a, b) => a.start - b.start));
}

/** The object that ends last, or undefined. */
export function lastObject(text) {
  return parsed(text, objectSpans(text).sort((a, b) => b.end - a.end || a.start - b.start));
}

/** Parses `text` as JSON; undefined when it is none. */
export function parseJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function parsed(text, spans) {
  for (const { start, end } of spans.slice(0, MOST_PARSED)) {
    const value = parseJson(text.slice(start, end));
    if (value !== undefined) return value;
  }
  return undefined;
}

/** Where the outermost objects of `text` begin and end; those inside of one that is broken count too. */
export function objectSpans(text) {
  const scan = new Scan(text);
  for (let start = text.indexOf("{"); start >= 0; ) {
    const end = scan.taken[start] === 1 ? -1 : scan.object(start);
    start = text.indexOf("{", end < 0 ? start + 1 : end);
  }
  return scan.spans;
}

class Scan {
  constructor(text) {
    this.text = text;
    /** 1 for each brace that was taken as the beginning of an object. */
    this.taken = new Uint8Array(text.length);
    this.spans = [];
  }

  /** Follows the object that begins at `start` and returns where it ends, or -1. */
  object(start) {
    this.at = start;
    this.expected = VALUE;
    /** What is open: where an object began, or -1 for an array. */
    this.open = [];
    this.known = this.spans.length;
    do {
      if (this.at >= this.text.length || !this.token()) return -1;
    } while (this.open.length > 0);
    return this.at;
  }

  /** Takes the next token. False when it cannot stand here. */
  token() {
    const code = this.text.charCodeAt(this.at);
    switch (code) {
      case 0x20:
      case 0x09:
      case 0x0a:
      case 0x0d:
        this.at += 1;
        return true;
      case 0x7b: // {
        return this.enterObject();
      case 0x5b: // [
        return this.enter(-1, FIRST_VALUE);
      case 0x7d: // }
        return this.leave(FIRST_KEY, this.open.at(-1) >= 0);
      case 0x5d: // ]
        return this.leave(FIRST_VALUE, this.open.at(-1) < 0);
      case 0x3a: // :
        return this.mark(COLON, VALUE);
      case 0x2c: // ,
        return this.mark(AFTER, this.open.at(-1) < 0 ? VALUE : KEY);
      case 0x22: // "
        return this.string();
      default:
        return this.scalar();
    }
  }

  wantsValue() {
    return this.expected === VALUE || this.expected === FIRST_VALUE;
  }

  enterObject() {
    const start = this.at;
    if (!this.enter(start, FIRST_KEY)) return false;
    this.taken[start] = 1;
    return true;
  }

  enter(start, expected) {
    if (!this.wantsValue() || this.open.length === DEEPEST) return false;
    this.open.push(start);
    this.expected = expected;
    this.at += 1;
    return true;
  }

  leave(empty, fits) {
    if (!fits || (this.expected !== AFTER && this.expected !== empty)) return false;
    const start = this.open.pop();
    this.expected = AFTER;
    this.at += 1;
    if (start >= 0) this.keep(start, this.at);
    return true;
  }

  /** Keeps a whole object in the place of those inside of it. */
  keep(start, end) {
    while (this.spans.length > this.known && this.spans.at(-1).start > start) this.spans.pop();
    this.spans.push({ start, end });
  }

  mark(expected, next) {
    if (this.expected !== expected) return false;
    this.expected = next;
    this.at += 1;
    return true;
  }

  string() {
    const isKey = this.expected === KEY || this.expected === FIRST_KEY;
    if (!isKey && !this.wantsValue()) return false;
    const { text } = this;
    let at = this.at + 1;
    for (let code = text.charCodeAt(at); code !== 0x22; code = text.charCodeAt(at)) {
      if (at >= text.length) return false;
      at += code === 0x5c ? 2 : 1;
    }
    this.at = at + 1;
    this.expected = isKey ? COLON : AFTER;
    return true;
  }

  /** A number, `true`, `false` or `null`. */
  scalar() {
    if (!this.wantsValue()) return false;
    let end = this.at;
    while (end - this.at < LONGEST_SCALAR && isScalar(this.text.charCodeAt(end))) end += 1;
    if (!SCALAR.test(this.text.slice(this.at, end))) return false;
    this.at = end;
    this.expected = AFTER;
    return true;
  }
}

/** Letters, digits, `+`, `-` and `.`. */
function isScalar(code) {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x30 && code <= 0x39) || code === 0x2b || code === 0x2d || code === 0x2e || code === 0x45;
}
