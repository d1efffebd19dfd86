// Components that this build runs.

import { SmithersError } from "smithers:errors";
import { Kind, host } from "smithers:render";
import { later } from "smithers:later";

export { Task } from "smithers:task";
export { Approval, ApprovalGate } from "smithers:approval";

export function Workflow(props) {
  if (typeof props.name !== "string" || props.name === "") throw new SmithersError("INVALID_INPUT", "a Workflow needs a name");
  return host(Kind.workflow, "smithers:workflow", props, { name: props.name }, props.children);
}

export function Sequence(props) {
  if (props.skipIf) return null;
  return isQuarantine(props) ? later(QUARANTINE, props) : host(Kind.sequence, "smithers:sequence", props, null, props.children);
}

export function Parallel(props) {
  if (props.skipIf) return null;
  const spec = {
    maxConcurrency: limit(props.maxConcurrency),
    subtreeConcurrency: props.subtreeConcurrency === undefined ? 0 : Math.max(1, limit(props.subtreeConcurrency)),
  };
  return isQuarantine(props) ? later(QUARANTINE, props) : host(Kind.parallel, "smithers:parallel", props, spec, props.children);
}

const QUARANTINE = 'failurePolicy "quarantine"';

function isQuarantine(props) {
  return props.failurePolicy === "quarantine";
}

/** A limit as a whole number; 0 is none. */
function limit(value) {
  const whole = Math.floor(Number(value ?? 0));
  return Number.isFinite(whole) && whole > 0 ? whole : 0;
}

export function Branch(props) {
  if (props.skipIf) return null;
  if (props.children !== undefined) throw new SmithersError("INVALID_INPUT", "a Branch takes `then` and `else`, not children");
  return host(Kind.group, "smithers:branch", props, null, (props.if ? props.then : props.else) ?? null);
}

/** Surfaces of a workflow; they render nothing. */
export function UI() {
  return null;
}

export function TUI() {
  return null;
}

/** Memory settings concern agents only. */
export function Memory(props) {
  return props.children;
}
