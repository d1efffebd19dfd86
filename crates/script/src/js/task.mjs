// Task: its checks, its retries and what it does when it is dispatched.

import { SmithersError } from "smithers:errors";
import { currentFrame } from "smithers:frame";
import { AgentBody } from "smithers:agent-body";
import { chainOf } from "smithers:agent-chain";
import { ComputeBody, StaticBody } from "smithers:body";
import { cachePlan } from "smithers:cache";
import { bindingOf } from "smithers:proof";
import { deferred, resolveDeps } from "smithers:deps";
import { inherited, isNothingInherited, quarantine } from "smithers:inherited";
import { later } from "smithers:later";
import { currentScope } from "smithers:loop";
import { noteMemory } from "smithers:memory";
import { Kind, again, host } from "smithers:render";
import { plain } from "smithers:reuse";
import { scoringOf } from "smithers:scoring";
import { sideEffectOf } from "smithers:side-effect";

/** What a task does; the host knows the numbers. */
export const Body = { static: 0, compute: 1, decision: 2, timer: 3, event: 4, answer: 5, child: 6 };

/** Retries of a task that gives a policy but no number. */
const RETRIES_OF_A_POLICY = 3;
/** Retries of a task with an agent that says nothing of them: at least these, and one for each further agent. */
const RETRIES_OF_AN_AGENT = 3;
/** Calls for the repair of an agent's result, in one attempt. */
const SCHEMA_RETRIES = 3;
const FIRST_DELAY_MS = 1000;
/** How long an agent may give no sign of life. */
const SILENCE_OF_AN_AGENT_MS = 600_000;

export function Task(props) {
  const frame = currentFrame();
  const id = taskId(props, "Task");
  const table = taskTable(props, "Task");
  const missing = missingFeature(props);
  if (missing !== null) return later(missing, props);
  const spec = taskSpec(props, id, table);
  const deps = resolveDeps(props, frame, currentScope());
  if (deps !== null) {
    if (deps.missing.length > 0 && !spec.skipIf) return deferred(spec, deps.missing);
    spec.dependsOn = [...spec.dependsOn, ...deps.ids];
  }
  if (props.needsApproval) {
    spec.plain = false;
    spec.approval = gate(props, spec.label ?? id);
  }
  giveBody(spec, props, frame, deps);
  const node = host(Kind.task, "smithers:task", props, spec, null);
  node.props.push("waitAsync", props.async ? "true" : "false");
  if (deps === null && !props.needsApproval && isUnscoped()) node.made = plain(props);
  return node;
}

/** Gives a node of the frame before the body of this one. Everything else about it depends on plain properties alone. */
Task[again] = function takeOver(node, props) {
  const { made, spec } = node;
  if (made === null || !isUnscoped() || !made.equals(props)) return false;
  const isCompute = spec.body === Body.compute;
  if ((typeof props.children === "function") !== isCompute) return false;
  if (isCompute || !spec.stored) giveBody(spec, props, currentFrame(), null);
  return true;
};

/** Whether nothing around the task adds to it. */
function isUnscoped() {
  return currentScope() === null && isNothingInherited();
}

/** Names a property that this build cannot honour, or null. */
function missingFeature(props) {
  return props.fork === undefined ? null : "Task with fork";
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

/** A task as the host reads it. What is as usual stays on the prototype: most tasks set four fields. */
class TaskSpec {
  constructor(id, table) {
    this.id = id;
    this.table = table;
    this.body = Body.static;
  }
}

Object.assign(TaskSpec.prototype, {
  iteration: 0,
  callback: 0,
  stored: false,
  payload: null,
  error: null,
  /** Nothing below differs from what is written here. */
  plain: true,
  label: null,
  skipIf: false,
  dependsOn: Object.freeze([]),
  priority: 0,
  continueOnFail: false,
  quarantine: false,
  retries: 0,
  backoff: "exponential",
  delayMs: FIRST_DELAY_MS,
  approval: null,
  /** A result that was kept may stand for that of its function. */
  cached: false,
  /** Of a node that only waits: what for. */
  wait: null,
  /** What it says of its effect on the world outside. */
  sideEffect: null,
  /** The worktree that it works in. */
  worktree: null,
  /** The rows that it is bound to. */
  bind: null,
  /** Limits around it. */
  aspects: null,
  /** Who looks at its result. */
  scorers: null,
  /** An agent does it. */
  byAgent: false,
});

/** The properties that make a task differ from a plain one. */
const PARTICULARS = [
  "label",
  "skipIf",
  "dependsOn",
  "deps",
  "priority",
  "continueOnFail",
  "failurePolicy",
  "agent",
  "retries",
  "retryPolicy",
  "noRetry",
  "sideEffect",
  "bind",
];

/** The part of a task that does not depend on its body. */
export function taskSpec(props, id, table) {
  const spec = new TaskSpec(id, table);
  enterScope(spec);
  const { priority, quarantine, worktree, aspects } = inherited();
  if (priority !== 0 || quarantine || worktree !== null || aspects !== null) return particular(spec, props);
  for (const name in props) {
    if (PARTICULARS.includes(name)) return particular(spec, props);
  }
  return spec;
}

/** A task inside loops is one of a pass: of the innermost loop by its iteration, of outer ones by its id. */
function enterScope(spec) {
  const scope = currentScope();
  if (scope === null) return;
  spec.id += scope.suffix;
  spec.iteration = scope.iteration;
  currentFrame().looped.set(spec.id, spec.iteration);
}

function particular(spec, props) {
  const { retries, backoff, delayMs } = retryPolicy(props);
  spec.plain = false;
  if (typeof props.label === "string") spec.label = props.label;
  spec.skipIf = Boolean(props.skipIf);
  spec.dependsOn = stringList(props.dependsOn, "dependsOn");
  spec.priority = wholeNumber(props.priority, "priority", inherited().priority);
  spec.continueOnFail = Boolean(props.continueOnFail);
  spec.quarantine = quarantine(props) ?? inherited().quarantine;
  spec.retries = retries;
  spec.backoff = backoff;
  spec.delayMs = delayMs;
  spec.sideEffect = sideEffectOf(props, spec.id);
  spec.worktree = inherited().worktree;
  if (spec.worktree !== null) currentFrame().houseTask(spec);
  spec.bind = bindingOf(props);
  spec.aspects = inherited().aspects;
  return spec;
}

function giveBody(spec, props, frame, deps) {
  const { session } = frame;
  const { children } = props;
  if (props.memory !== undefined) noteMemory(props.memory, `task "${spec.id}"`);
  const schema = props.outputSchema ?? session.registry.schema(spec.table);
  const chain = chainOf(props);
  const extra = { cache: cachePlan(props, spec, schema), scoring: scoringOf(props, spec.id) };
  if (chain !== null) {
    spec.byAgent = true;
    keepBody(spec, frame, agentBody(spec, props, frame, deps, schema, chain), extra);
  } else if (typeof children === "function") {
    const run = deps === null ? children : deps.given(children);
    keepBody(spec, frame, new ComputeBody(spec.id, run, schema, milliseconds(props.timeoutMs, "timeoutMs"), silenceOf(props)), extra);
  } else if (extra.cache !== null || extra.scoring !== null) {
    keepBody(spec, frame, new StaticBody(spec.id, children, schema), extra);
  } else if (!spec.skipIf && !isStored(spec, session)) {
    try {
      spec.payload = session.statics.of(children, schema, spec.id, spec.iteration);
    } catch (error) {
      spec.error = error;
    }
  }
}

function keepBody(spec, frame, body, { cache, scoring }) {
  spec.body = Body.compute;
  spec.callback = frame.keep(body);
  if (cache !== null) {
    spec.plain = false;
    spec.cached = true;
    body.cache = cache;
  }
  if (scoring !== null) {
    spec.plain = false;
    spec.scorers = scoring.told;
    body.scoring = scoring;
  }
}

/** What a task of which nothing but its value is known stores, as text. */
export function taskPayload({ session }, value, table, id) {
  return session.statics.of(value, session.registry.schema(table), id, 0);
}

function agentBody(spec, props, frame, deps, schema, chain) {
  const { children } = props;
  const ask = typeof children === "function" ? (deps === null ? () => children({}) : deps.given(children)) : () => children;
  const timeoutMs = milliseconds(props.timeoutMs, "timeoutMs");
  const budget = Math.max(0, wholeNumber(props.maxSchemaRetries, "maxSchemaRetries", SCHEMA_RETRIES));
  const heartbeatTimeoutMs = silenceOf(props, SILENCE_OF_AN_AGENT_MS);
  return new AgentBody({ nodeId: spec.id, frame, chain, question: ask, schema, timeoutMs, heartbeatTimeoutMs, budget, worktree: spec.worktree });
}

/** How long a task may give no sign of life, in milliseconds; null and 0 mean for ever. */
function silenceOf({ heartbeatTimeoutMs, heartbeatTimeout }, usual = null) {
  return (milliseconds(heartbeatTimeoutMs ?? heartbeatTimeout, "heartbeatTimeoutMs") ?? usual) || null;
}

/** Whether a task has its row. Rows stay. */
function isStored(spec, session) {
  if (spec.stored) return true;
  spec.payload = null;
  spec.error = null;
  spec.stored = session.hasRow(spec.table, spec.id, spec.iteration);
  return spec.stored;
}

/** Permission for a task to run. */
function gate(props, title) {
  return {
    onDeny: "fail",
    request: { mode: "gate", waitAsync: Boolean(props.async), title, summary: null, metadata: null },
  };
}

const BACKOFFS = ["fixed", "linear", "exponential"];

/** Explicit numbers are taken; without any, a task is tried once, and one with an agent a few times. */
function retryPolicy(props) {
  const { retries, retryPolicy: policy, noRetry } = props;
  const backoff = policy?.backoff ?? "exponential";
  if (!BACKOFFS.includes(backoff)) {
    throw new SmithersError("INVALID_INPUT", `backoff must be one of ${BACKOFFS.join(", ")}, got ${JSON.stringify(backoff)}`);
  }
  const delayMs = policy === undefined ? FIRST_DELAY_MS : (milliseconds(policy.initialDelayMs, "initialDelayMs") ?? 0);
  const fallback = usualRetries(props, policy);
  return { retries: noRetry ? 0 : Math.max(0, wholeNumber(retries, "retries", fallback)), backoff, delayMs };
}

function usualRetries(props, policy) {
  const chain = chainOf(props);
  if (chain === null) return policy === undefined ? 0 : RETRIES_OF_A_POLICY;
  if (policy === undefined && (props.continueOnFail || inherited().guarded)) return 1;
  return Math.max(RETRIES_OF_AN_AGENT, chain.length - 1);
}

/** A number or a text that is one. */
export function milliseconds(value, name) {
  if (value === undefined || value === null) return null;
  const number = Number(value);
  if (!Number.isFinite(number) || number < 0) throw new SmithersError("INVALID_INPUT", `${name} must be a number of milliseconds`);
  return Math.floor(number);
}

/** A number without its fraction, or `fallback` when there is none. */
export function wholeNumber(value, name, fallback) {
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
