// Task: its checks, its retries and what it does when it is dispatched.

import { SmithersError } from "smithers:errors";
import { currentFrame } from "smithers:frame";
import { Kind, host } from "smithers:render";
import { laterIf } from "smithers:later";
import { checkedText } from "smithers:output";

/** What a task does; the host knows the numbers. */
export const Body = { static: 0, compute: 1, decision: 2 };

/** Retries of a task that gives a policy but no number. */
const RETRIES_OF_A_POLICY = 3;
const FIRST_DELAY_MS = 1000;

export function Task(props) {
  const id = taskId(props, "Task");
  const table = taskTable(props, "Task");
  const wanted =
    laterIf(props.agent !== undefined, "Task with an agent", props) ??
    laterIf(props.deps !== undefined, "Task with deps", props) ??
    laterIf(props.bind !== undefined, "Task with bind", props) ??
    laterIf(props.failurePolicy === "quarantine", 'failurePolicy "quarantine"', props);
  if (wanted !== null) return wanted;
  const spec = taskSpec(props, id, table);
  const label = typeof props.label === "string" ? props.label : undefined;
  if (props.needsApproval) spec.approval = gate(props, label ?? id);
  giveBody(spec, props);
  return host(Kind.task, "smithers:task", shownProps(props), spec, null);
}

export function taskId(props, component) {
  if (typeof props.id === "string" && props.id !== "") return props.id;
  throw new SmithersError("TASK_ID_REQUIRED", `a ${component} needs an id`);
}

export function taskTable(props, component) {
  if (props.output === undefined || props.output === null) {
    throw new SmithersError("TASK_MISSING_OUTPUT", `${component} "${props.id}" needs an output`);
  }
  return currentFrame().session.registry.keyOf(props.output);
}

/** The part of a task that does not depend on its body. The host reads these fields. */
export function taskSpec(props, id, table) {
  const retry = retryPolicy(props);
  return {
    id,
    iteration: 0,
    label: typeof props.label === "string" ? props.label : null,
    table,
    skipIf: Boolean(props.skipIf),
    dependsOn: stringList(props.dependsOn, "dependsOn"),
    priority: wholeNumber(props.priority, "priority", 0),
    continueOnFail: Boolean(props.continueOnFail),
    retries: retry.retries,
    backoff: retry.backoff,
    delayMs: retry.delayMs,
    approval: null,
    body: Body.static,
    callback: 0,
    payload: null,
    error: null,
  };
}

function giveBody(spec, props) {
  const frame = currentFrame();
  const { session } = frame;
  const schema = props.outputSchema ?? session.registry.schema(spec.table);
  const { children } = props;
  if (typeof children === "function") {
    spec.body = Body.compute;
    spec.callback = frame.keep({ nodeId: spec.id, run: children, schema, timeoutMs: milliseconds(props.timeoutMs, "timeoutMs") });
  } else if (!spec.skipIf && !session.hasRow(spec.table, spec.id, spec.iteration)) {
    try {
      spec.payload = checkedText(children, schema, spec.id);
    } catch (error) {
      spec.error = error;
    }
  }
}

/** Permission for a task to run. */
function gate(props, title) {
  return {
    onDeny: "fail",
    request: { mode: "gate", waitAsync: Boolean(props.async), title, summary: null, metadata: null },
  };
}

function shownProps(props) {
  return { ...props, waitAsync: Boolean(props.async) };
}

const BACKOFFS = ["fixed", "linear", "exponential"];

/** Explicit numbers are taken; without any, a task is tried once. */
function retryPolicy({ retries, retryPolicy: policy, noRetry }) {
  const backoff = policy?.backoff ?? "exponential";
  if (!BACKOFFS.includes(backoff)) {
    throw new SmithersError("INVALID_INPUT", `backoff must be one of ${BACKOFFS.join(", ")}, got ${JSON.stringify(backoff)}`);
  }
  const delayMs = policy === undefined ? FIRST_DELAY_MS : (milliseconds(policy.initialDelayMs, "initialDelayMs") ?? 0);
  const fallback = policy === undefined ? 0 : RETRIES_OF_A_POLICY;
  return { retries: noRetry ? 0 : Math.max(0, wholeNumber(retries, "retries", fallback)), backoff, delayMs };
}

/** A number or a text that is one. */
export function milliseconds(value, name) {
  if (value === undefined || value === null) return null;
  const number = Number(value);
  if (!Number.isFinite(number) || number < 0) throw new SmithersError("INVALID_INPUT", `${name} must be a number of milliseconds`);
  return Math.floor(number);
}

function wholeNumber(value, name, fallback) {
  if (value === undefined || value === null) return fallback;
  const number = Math.floor(Number(value));
  if (!Number.isSafeInteger(number)) throw new SmithersError("INVALID_INPUT", `${name} must be a number`);
  return number;
}

/** A list of non-empty texts. */
export function stringList(value, name) {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value) && value.every((item) => typeof item === "string" && item !== "")) return value;
  throw new SmithersError("INVALID_INPUT", `${name} must be a list of non-empty texts`);
}
