// What groups hand down to the tasks in them: their priority and what a failure does.

import { Element, createContext } from "smithers:element";
import { SmithersError } from "smithers:errors";

const NOTHING = Object.freeze({ priority: 0, quarantine: false });

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
  const value = { priority: priority ?? outer.priority, quarantine: policy ?? outer.quarantine };
  return new Element(handedDown.Provider, { value, children: props.children }, null);
}
