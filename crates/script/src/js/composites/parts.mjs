// What composites are put together from: elements, prompts, ids, and rows of the pass they are in.

import { Element, cloneElement, jsx } from "smithers:element";
import { currentFrame } from "smithers:frame";
import { currentScope } from "smithers:loop";

/** An element of `component`; later arguments are its children. */
export function element(component, props, ...children) {
  return jsx(component, children.length === 0 ? props : { ...props, children: children.length === 1 ? children[0] : children });
}

/** The context of the frame being rendered. */
export function context() {
  return currentFrame().ctx;
}

/**
 * What an agent is asked, put together from texts and elements; empty parts are left out. Elements are told what the
 * answer must look like, as they are when they stand in a task alone.
 */
export function ask(...parts) {
  return jsx(Prompt, { parts: parts.filter((part) => part !== undefined && part !== null && part !== "" && part !== false) });
}

function Prompt({ parts, schema }) {
  const told = (part) => (part instanceof Element && schema !== undefined ? cloneElement(part, { schema }) : part);
  return parts.map((part, index) => (index === 0 ? told(part) : ["\n\n", told(part)]));
}

/** A value under a heading, as JSON. */
export function shown(heading, value) {
  return `${heading}:\n${JSON.stringify(value, null, 2) ?? "nothing"}`;
}

/** Gives each of `ids` that came before a number of its own: `a`, `a-2`, `a-3`. */
export function distinct(ids) {
  const taken = new Set();
  return ids.map((id) => {
    let own = id;
    for (let next = 2; taken.has(own); next += 1) own = `${id}-${next}`;
    taken.add(own);
    return own;
  });
}

/** The row of `nodeId` in the pass of the loop around what is being rendered. */
export function rowOfPass(target, nodeId) {
  return rowIn(target, nodeId, currentScope()?.iteration ?? 0);
}

/** The row of `nodeId` in the pass before this one. */
export function rowOfLastPass(target, nodeId) {
  const pass = currentScope()?.iteration ?? 0;
  return pass === 0 ? undefined : rowIn(target, nodeId, pass - 1);
}

function rowIn(target, nodeId, iteration) {
  return context().outputMaybe(target, { nodeId, iteration });
}
