// What is handed down to the tasks inside an element: their priority, what a failure does, where they work,
// and their limits.

import { Element, createContext } from "smithers:element";
import { SmithersError } from "smithers:errors";

const NOTHING = Object.freeze({ priority: 0, quarantine: false, guarded: false, caches: false, remembers: false, worktree: null, aspects: null });

/** What groups say to what is in them. */
export const handedDown = createContext(NOTHING);

/** What the groups around the element being rendered say. */
export function inherited() {
  return handedDown.current;
}

/** Whether the groups around the element being rendered say nothing. */
export function isNothingInherited() {
  return handedDown.current === NOTHING;
}

/** Whether `props` say that a failure is kept apart; undefined when they say nothing. */
export function quarantine({ failurePolicy }) {
  if (failurePolicy === undefined || failurePolicy === null) return undefined;
  if (failurePolicy === "halt" || failurePolicy === "quarantine") return failurePolicy === "quarantine";
  throw new SmithersError("INVALID_INPUT", `failurePolicy must be halt or quarantine, got ${JSON.stringify(failurePolicy)}`);
}

/** Children of a group that sets a priority or a failure policy for them. */
export function handDown(props, priority) {
  const policy = quarantine(props);
  if (priority === undefined && policy === undefined) return props.children;
  const outer = handedDown.current;
  const value = { ...outer, priority: priority ?? outer.priority, quarantine: policy ?? outer.quarantine };
  return new Element(handedDown.Provider, { value, children: props.children }, null);
}

/** Children whose failures are dealt with by what is around them. */
export function guarded(children) {
  return new Element(handedDown.Provider, { value: { ...handedDown.current, guarded: true }, children }, null);
}

/** Children that work in a worktree. */
export function housed(worktree, children) {
  return new Element(handedDown.Provider, { value: { ...handedDown.current, worktree }, children }, null);
}

/** Children whose results are kept and used again. */
export function caching(children) {
  return new Element(handedDown.Provider, { value: { ...handedDown.current, caches: true }, children }, null);
}

/** Children that ask for a memory bank. */
export function remembering(children) {
  return new Element(handedDown.Provider, { value: { ...handedDown.current, remembers: true }, children }, null);
}

/** Children with limits around them; what is said here replaces what is said further out. */
export function limited(aspects, children) {
  const outer = handedDown.current;
  return new Element(handedDown.Provider, { value: { ...outer, aspects: { ...outer.aspects, ...aspects } }, children }, null);
}

/** Children that no limit from outside keeps from running: what undoes and cleans up. */
export function unlimited(children) {
  const outer = handedDown.current;
  return outer.aspects === null ? children : new Element(handedDown.Provider, { value: { ...outer, aspects: null }, children }, null);
}
