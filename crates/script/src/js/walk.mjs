// What the host asks for while it walks the elements of a frame.

import { Sequence, Parallel, Task } from "smithers:components";
import { SmithersError } from "smithers:errors";
import { currentFrame } from "smithers:frame";
import { Element, Fragment, Provider } from "smithers:element";
import { callComponent } from "smithers:hooks";
import { handedDown } from "smithers:inherited";
import { loopScopes } from "smithers:loop";
import { HostNode, again, intrinsic } from "smithers:render";
import { taskPayload } from "smithers:task";

/** Memory of one position in the tree between frames: hooks of a component, the node of a built-in one. */
class Fiber {
  constructor(type) {
    /** Kept, so that no other component can be taken for it. */
    this.type = type;
    this.hooks = null;
    this.restart = false;
    this.node = null;
    /** What the component was called with last. */
    this.props = null;
  }
}

/** Makes the memory of a position that `type` has taken. */
export function fiber(type) {
  return new Fiber(type);
}

/** What the host must recognise, in an order that it knows. */
export const marks = [Element.prototype, HostNode.prototype, Object.prototype, Fragment, Task, Sequence, Parallel, loopScopes, handedDown];

/** Calls component `type`: what it returns is to be rendered in its place. */
export function call(fiber, type, props) {
  const builtIn = type[again];
  if (builtIn !== undefined) {
    if (fiber.node === null || !builtIn(fiber.node, props)) fiber.node = type(props);
    return fiber.node;
  }
  fiber.props = props;
  const made = callComponent(fiber, type, props);
  if (typeof made?.then !== "function") return made;
  throw new SmithersError("INVALID_INPUT", `component ${type.name || "(anonymous)"} is asynchronous; rendering is not`);
}

/** The node of a hand-written tag. */
export function tag(name, props) {
  return intrinsic(name, props);
}

/** The context that an element of `type` provides. */
export function provided(type) {
  if (type instanceof Provider) return type.context;
  if (type?.Provider instanceof Provider) return type;
  throw new SmithersError("INVALID_INPUT", `an element has no component: got ${type === undefined ? "undefined" : typeof type}; is the import right?`);
}

/** The children that a value which is neither an element nor a plain list stands for. */
export function list(node) {
  if (node instanceof Element || node instanceof HostNode) return node;
  if (Array.isArray(node)) return Array.prototype.slice.call(node);
  if (typeof node[Symbol.iterator] === "function") return [...node];
  throw new SmithersError("INVALID_INPUT", `${typeof node === "function" ? "a function" : "an object"} cannot be rendered as a child`);
}

/** Whether `node` is a host node. */
export function isNode(node) {
  return node instanceof HostNode;
}

/** The table that `output` stands for. */
export function table(output) {
  return currentFrame().session.registry.keyOf(output);
}

/** What plain task `id` stores, as text. */
export function payload(children, table, id) {
  return taskPayload(currentFrame(), children, table, id);
}
