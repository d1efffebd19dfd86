// Interfaces of the web platform that workflow modules expect: URLs, text encodings, abort signals.

import { native } from "smithers:native";

export class DOMException extends Error {
  constructor(message = "", name = "Error") {
    super(message);
    Object.defineProperty(this, "name", { value: name });
  }
}

export class TextEncoder {
  get encoding() {
    return "utf-8";
  }

  encode(text = "") {
    return native.encodeUtf8(String(text));
  }
}

export class TextDecoder {
  constructor(label = "utf-8") {
    if (!["utf-8", "utf8"].includes(String(label).toLowerCase())) throw new RangeError(`encoding ${label} is not supported`);
  }

  get encoding() {
    return "utf-8";
  }

  decode(bytes) {
    if (bytes === undefined) return "";
    const view = ArrayBuffer.isView(bytes) ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength) : new Uint8Array(bytes);
    return decodeUtf8(view);
  }
}

const CHUNK = 8192;

/** Text of UTF-8 bytes. The host takes bytes as characters 0 to 255. */
export function decodeUtf8(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += CHUNK) text += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  return native.decodeUtf8(text);
}

export class Event {
  constructor(type) {
    this.type = String(type);
    this.target = null;
  }
}

export class EventTarget {
  #listeners = new Map();

  addEventListener(type, listener, options) {
    if (typeof listener !== "function") return;
    const list = this.#listeners.get(type) ?? [];
    if (!list.some((known) => known.listener === listener)) list.push({ listener, once: Boolean(options?.once) });
    this.#listeners.set(type, list);
  }

  removeEventListener(type, listener) {
    const list = this.#listeners.get(type) ?? [];
    this.#listeners.set(type, list.filter((known) => known.listener !== listener));
  }

  dispatchEvent(event) {
    event.target = this;
    for (const { listener, once } of [...(this.#listeners.get(event.type) ?? [])]) {
      if (once) this.removeEventListener(event.type, listener);
      listener.call(this, event);
    }
    return true;
  }
}

export class AbortSignal extends EventTarget {
  aborted = false;
  reason = undefined;
  onabort = null;

  throwIfAborted() {
    if (this.aborted) throw this.reason;
  }

  static abort(reason) {
    const controller = new AbortController();
    controller.abort(reason);
    return controller.signal;
  }

  static timeout(milliseconds) {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new DOMException("the operation timed out", "TimeoutError")), milliseconds);
    return controller.signal;
  }

  static any(signals) {
    const controller = new AbortController();
    for (const signal of signals) {
      if (signal.aborted) controller.abort(signal.reason);
      else signal.addEventListener("abort", () => controller.abort(signal.reason), { once: true });
    }
    return controller.signal;
  }
}

export class AbortController {
  signal = new AbortSignal();

  abort(reason = new DOMException("the operation was aborted", "AbortError")) {
    const { signal } = this;
    if (signal.aborted) return;
    signal.aborted = true;
    signal.reason = reason;
    const event = new Event("abort");
    signal.onabort?.(event);
    signal.dispatchEvent(event);
  }
}

export class URLSearchParams {
  #pairs = [];
  #changed;

  constructor(init = "", changed = () => {}) {
    this.#changed = changed;
    if (typeof init === "string") this.#pairs = native.parseQuery(init.replace(/^\?/, ""));
    else this.#pairs = [...(init[Symbol.iterator] ? init : Object.entries(init))].map(([name, value]) => [String(name), String(value)]);
  }

  get size() {
    return this.#pairs.length;
  }

  get(name) {
    return this.#pairs.find(([known]) => known === name)?.[1] ?? null;
  }

  getAll(name) {
    return this.#pairs.filter(([known]) => known === name).map(([, value]) => value);
  }

  has(name) {
    return this.get(name) !== null;
  }

  append(name, value) {
    this.#update([...this.#pairs, [String(name), String(value)]]);
  }

  set(name, value) {
    const at = this.#pairs.findIndex(([known]) => known === name);
    const rest = this.#pairs.filter(([known]) => known !== name);
    rest.splice(at < 0 ? rest.length : at, 0, [String(name), String(value)]);
    this.#update(rest);
  }

  delete(name) {
    this.#update(this.#pairs.filter(([known]) => known !== name));
  }

  sort() {
    this.#update([...this.#pairs].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
  }

  forEach(callback) {
    for (const [name, value] of this.#pairs) callback(value, name, this);
  }

  entries() {
    return this.#pairs.map((pair) => [...pair])[Symbol.iterator]();
  }

  keys() {
    return this.#pairs.map(([name]) => name)[Symbol.iterator]();
  }

  values() {
    return this.#pairs.map(([, value]) => value)[Symbol.iterator]();
  }

  [Symbol.iterator]() {
    return this.entries();
  }

  toString() {
    return native.formatQuery(this.#pairs);
  }

  #update(pairs) {
    this.#pairs = pairs;
    this.#changed(this.toString());
  }
}

/** The parts of a URL, or undefined when the text is none. */
function parse(url, base) {
  return native.parseUrl(String(url), base === undefined ? undefined : String(base));
}

const PARTS = ["href", "origin", "protocol", "username", "password", "host", "hostname", "port", "pathname", "search", "hash"];

export class URL {
  #parts;
  #params;

  constructor(url, base) {
    const parts = parse(url, base);
    if (parts === undefined) throw new TypeError(`invalid URL: ${url}`);
    this.#parts = parts;
  }

  static canParse(url, base) {
    return parse(url, base) !== undefined;
  }

  static {
    PARTS.forEach((name, at) => {
      const set = name === "origin" ? undefined : function (value) { this.#set(name, String(value)); };
      Object.defineProperty(this.prototype, name, { get() { return this.#parts[at]; }, set, enumerable: true, configurable: true });
    });
  }

  get searchParams() {
    this.#params ??= new URLSearchParams(this.search, (query) => this.#change("search", query));
    return this.#params;
  }

  toString() {
    return this.href;
  }

  toJSON() {
    return this.href;
  }

  #set(name, value) {
    this.#change(name, value);
    this.#params = undefined;
  }

  #change(name, value) {
    const parts = native.changeUrl(this.href, name, value);
    if (parts !== undefined) this.#parts = parts;
    else if (name === "href") throw new TypeError(`invalid URL: ${value}`);
  }
}
