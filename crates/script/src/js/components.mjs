// Components that this build runs.

import { SmithersError } from "smithers:errors";
import { currentFrame } from "smithers:frame";
import { caching, handDown } from "smithers:inherited";
import { Kind, host } from "smithers:render";
import { wholeNumber } from "smithers:task";

export { Task } from "smithers:task";
export { Aspects } from "smithers:aspects";
export { Approval, ApprovalGate } from "smithers:approval";
export { Loop, Ralph } from "smithers:loop";
export { Memory } from "smithers:memory";
export { HumanTask } from "smithers:human";
export { Saga, SagaStep } from "smithers:saga";
export { Signal, WaitForEvent } from "smithers:signal";
export { Subflow } from "smithers:subflow";
export { Timer } from "smithers:timer";
export { TryCatchFinally } from "smithers:try-catch-finally";
export { Worktree } from "smithers:worktree";
export { ContinueAsNew, continueAsNew } from "smithers:continue-as-new";

export function Workflow(props) {
  if (typeof props.name !== "string" || props.name === "") throw new SmithersError("INVALID_INPUT", "a Workflow needs a name");
  const caches = currentFrame().session.workflow.opts.cache ?? props.cache;
  return host(Kind.workflow, "smithers:workflow", props, { name: props.name }, caches ? caching(props.children) : props.children);
}

export function Sequence(props) {
  if (props.skipIf) return null;
  return host(Kind.sequence, "smithers:sequence", props, null, handDown(props));
}

export function Parallel(props) {
  if (props.skipIf) return null;
  const spec = {
    maxConcurrency: limit(props.maxConcurrency),
    subtreeConcurrency: props.subtreeConcurrency === undefined ? 0 : Math.max(1, limit(props.subtreeConcurrency)),
  };
  return host(Kind.parallel, "smithers:parallel", props, spec, handDown(props, wholeNumber(props.priority, "priority")));
}

const PRIORITY_OF_A_QUEUE = 1000;

/** A Parallel of one at a time, ahead of everything else. */
export function MergeQueue(props) {
  if (props.skipIf) return null;
  const spec = { maxConcurrency: Math.max(1, limit(props.maxConcurrency)), subtreeConcurrency: 0 };
  const priority = wholeNumber(props.priority, "priority", PRIORITY_OF_A_QUEUE);
  return host(Kind.parallel, "smithers:merge-queue", props, spec, handDown(props, priority));
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
