// Expands an author's elements into host nodes: components called, fragments and arrays dissolved.
//
// Every node has the same fields, which the host reads by name. Most of a frame's time is spent here
// and in `task.mjs`: few objects, few calls, no copies.

import { SmithersError } from "smithers:errors";
import { Element, Fragment, Provider } from "smithers:element";
import { callComponent, resetHooks } from "smithers:hooks";

/** Meaning of a node; the host knows the numbers. */
export const Kind = { group: 0, workflow: 1, sequence: 2, parallel: 3, task: 4, text: 5, later: 6, loop: 7, deferred: 8 };

const DEEPEST = 1000;

const NOTHING = Object.freeze([]);

/** A node as the host reads it; `inner` is what its children are made from. */
class HostNode {
  constructor(kind, tag, props, spec, inner) {
    this.kind = kind;
    this.tag = tag;
    this.props = props;
    this.spec = spec;
    this.inner = inner;
    this.children = NOTHING;
    /** Properties that a later frame can be compared with; null when the node is made anew in each. */
    this.made = null;
  }
}

/** The node that a built-in component stands for: its kind and what the engine must know. */
export function host(kind, tag, props, spec, inner) {
  return new HostNode(kind, tag, texts(props), spec, inner);
}

/**
 * Names the function of a built-in component that takes over new properties into the node of the frame before. It
 * answers false when they make another node. Such a component has no state and is called without hooks.
 */
export const again = Symbol("again");

/** Memory of one position in the tree between frames: hooks of a component, its node, positions below. */
class Fiber {
  constructor(type) {
    this.type = type;
    this.hooks = null;
    this.restart = false;
    this.node = null;
    /** Positions below by index, without gaps. */
    this.list = null;
    /** Other positions below, by key or index. */
    this.below = null;
  }

  child(key, type) {
    const list = (this.list ??= []);
    if (key < list.length && typeof key === "number") {
      const fiber = list[key];
      return fiber.type === type ? fiber : (list[key] = new Fiber(type));
    }
    if (key === list.length && !this.below?.has(key)) {
      list.push(new Fiber(type));
      return list[key];
    }
    const below = (this.below ??= new Map());
    let fiber = below.get(key);
    if (fiber === undefined || fiber.type !== type) {
      fiber = new Fiber(type);
      below.set(key, fiber);
    }
    return fiber;
  }
}

/** Contexts that Providers have set, each with the value to go back to. */
const provided = [];

/** Undoes what a render left behind that was stopped at its deadline: `finally` does not run then. */
function cleanUp() {
  resetHooks();
  while (provided.length > 0) restore();
}

function restore() {
  const [context, outer] = provided.pop();
  context.current = outer;
}

/** Renders for one run, frame after frame. */
export class Renderer {
  constructor() {
    this.root = new Fiber(null);
    this.depth = 0;
    /** Lists of siblings from the roots down to what is being rendered. */
    this.open = [];
  }

  /** Returns the root nodes of `element`. */
  render(element) {
    cleanUp();
    const roots = [];
    this.depth = 0;
    this.open = [roots];
    this.expand(element, this.root, 0, roots);
    return roots;
  }

  /** Where the next node goes: its index among the elements of each level below the root. */
  path() {
    const indexes = this.open.map((siblings, level) => elements(siblings) - (level < this.open.length - 1 ? 1 : 0));
    const root = indexes[0] > 0 ? [`root${indexes[0]}`] : [];
    const path = [...root, ...indexes.slice(1)];
    return path.length > 0 ? path.join(".") : "root";
  }

  expand(node, parent, index, out) {
    if (node === null || node === undefined || typeof node === "boolean") return;
    if (node instanceof Element) {
      this.element(node, parent.child(node.key ?? index, node.type), out);
    } else if (node instanceof HostNode) {
      this.place(node, parent, out);
    } else if (Array.isArray(node)) {
      const fiber = parent.child(index, Array);
      for (let at = 0; at < node.length; at++) this.expand(node[at], fiber, at, out);
    } else if (typeof node === "string" || typeof node === "number" || typeof node === "bigint") {
      out.push(new HostNode(Kind.text, String(node), NOTHING, null, null));
    } else if (typeof node[Symbol.iterator] === "function") {
      this.expand([...node], parent, index, out);
    } else {
      throw new SmithersError("INVALID_INPUT", `${typeof node === "function" ? "a function" : "an object"} cannot be rendered as a child`);
    }
  }

  element(element, fiber, out) {
    if (++this.depth > DEEPEST) throw new SmithersError("INVALID_INPUT", `elements are nested deeper than ${DEEPEST}`);
    const { type, props } = element;
    if (typeof type === "function") {
      const builtIn = type[again];
      if (builtIn !== undefined) {
        if (fiber.node === null || !builtIn(fiber.node, props)) fiber.node = type(props);
        this.place(fiber.node, fiber, out);
      } else {
        const made = callComponent(fiber, type, props);
        if (made instanceof HostNode) this.place(made, fiber, out);
        else this.expand(result(type, made), fiber, 0, out);
      }
    } else if (typeof type === "string") {
      this.place(intrinsic(type, props), fiber, out);
    } else if (type === Fragment) {
      this.expand(props.children, fiber, 0, out);
    } else if (type instanceof Provider) {
      this.provide(type.context, props, fiber, out);
    } else if (type?.Provider instanceof Provider) {
      this.provide(type, props, fiber, out);
    } else {
      throw new SmithersError("INVALID_INPUT", `an element has no component: got ${type === undefined ? "undefined" : typeof type}; is the import right?`);
    }
    this.depth--;
  }

  /** Puts a node in its place and expands what is inside it. */
  place(node, fiber, out) {
    out.push(node);
    if (node.inner === null || node.inner === undefined) return;
    node.children = [];
    this.open.push(node.children);
    this.expand(node.inner, fiber, 0, node.children);
    this.open.pop();
  }

  provide(context, props, fiber, out) {
    provided.push([context, context.current]);
    context.current = props.value;
    try {
      this.expand(props.children, fiber, 0, out);
    } finally {
      restore();
    }
  }
}

/** How many of `nodes` are elements of the frame's record. */
function elements(nodes) {
  let count = 0;
  for (const { kind } of nodes) if (kind !== Kind.text && kind !== Kind.deferred) count += 1;
  return count;
}

/** A hand-written tag: a group. Tags of the product need their component. */
function intrinsic(tag, props) {
  const foreign = tag.startsWith("smithers:") && tag !== "smithers:fragment";
  return host(foreign ? Kind.later : Kind.group, tag, props, foreign ? { component: tag } : null, props.children);
}

function result(component, value) {
  if (typeof value?.then === "function") {
    throw new SmithersError("INVALID_INPUT", `component ${component.name || "(anonymous)"} is asynchronous; rendering is not`);
  }
  return value;
}

/** Properties of the frame's record: texts, numbers and booleans, as a flat list of pairs. */
function texts(props) {
  const flat = [];
  for (const name in props) {
    if (name === "children" || name.startsWith("__")) continue;
    const value = props[name];
    const type = typeof value;
    if (type === "string" || type === "number" || type === "boolean") flat.push(name, String(value));
  }
  return flat;
}
