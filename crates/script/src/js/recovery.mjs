// What Saga and TryCatchFinally have in common: their parts, in which every failure is dealt with.

import { Element } from "smithers:element";
import { SmithersError } from "smithers:errors";
import { native } from "smithers:native";
import { currentScope } from "smithers:loop";
import { Kind, host } from "smithers:render";

/** Which part of a saga or try block a node is; the host knows the numbers. */
export const Region = { actions: 0, compensations: 1, try: 2, catch: 3, finally: 4 };

/** The node given in the properties: gives a place of its own to each of several. */
function Part({ node }) {
  return node;
}

/** A place for `node` that is told by `key`. */
export function part(node, key) {
  return new Element(Part, { node }, key);
}

/** A part of a saga or try block. */
export function region(number, tag, children) {
  return part(host(Kind.region, tag, {}, { region: number }, children), tag);
}

/** The id of a saga or try block, with the passes of outer loops; without one it is called after its place. */
export function constructId(props, kind) {
  const { id } = props;
  if (id !== undefined && (typeof id !== "string" || id === "")) refuse(kind, id, "its id must be a text that is not empty");
  return (id ?? `${kind}:${native.path()}`) + (currentScope()?.suffix ?? "");
}

export function refuse(component, id, why) {
  throw new SmithersError("INVALID_INPUT", `${component}${id === undefined ? "" : ` "${id}"`}: ${why}`);
}
