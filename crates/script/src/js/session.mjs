// Sessions: one per open run. They hold rows, component state and the callbacks of the newest frame.

import { native } from "smithers:native";
import { SmithersError, describeError } from "smithers:errors";
import { cacheRequest } from "smithers:cache";
import { Standings } from "smithers:agent-chain";
import { makeContext, moveContext } from "smithers:context";
import { Frame, currentFrame, renderIn } from "smithers:frame";
import { resetHooks } from "smithers:hooks";
import { CheckedTexts } from "smithers:output";
import { Pulse } from "smithers:pulse";
import { Rows, freeze } from "smithers:rows";
import { Scored, beginJudging } from "smithers:scoring";
import { TaskRuntime, inTask } from "smithers:task-runtime";

const sessions = new Map();
const calls = new Map();

class Session {
  constructor(workflow, runId, input, auth, continuation) {
    this.workflow = workflow;
    this.registry = workflow.registry;
    this.runId = runId;
    /** What the run before this one handed over, or null. */
    this.continuation = freeze(JSON.parse(continuation));
    this.input = freeze(inputOf(workflow, JSON.parse(input), this.continuation));
    this.auth = freeze(JSON.parse(auth));
    this.rows = new Rows();
    this.statics = new CheckedTexts();
    /** What the run has learnt about its agents. */
    this.standings = new Standings();
    /** Where the worktrees are that frames have shown, by their ids and those of the tasks inside. */
    this.worktrees = new Map();
    /** Memories of positions in the tree, as the host has numbered them. */
    this.fibers = [];
    this.frame = null;
    /** Ids of the nodes that are held because a row that they are bound to has changed. */
    this.stale = new Set();
    /** What was decided about patches, by id. */
    this.patches = new Map();
    /** Bodies of coming calls of which it was asked what their results depend on. */
    this.asked = new Map();
    /** Results that scorers are going to look at. */
    this.scored = new Map();
  }

  hasRow(table, nodeId, iteration) {
    return this.rows.has(table, nodeId, iteration);
  }
}

/** An input without a schema tells what was handed over too; modules of the public project read it there. */
function inputOf(workflow, input, continuation) {
  const tells = continuation !== null && workflow.inputSchema === undefined && typeof input === "object" && input !== null;
  return tells && !Array.isArray(input) ? { ...input, __smithersContinuation: continuation } : input;
}

export function openSession(id, workflow, runId, input, auth, continuation) {
  sessions.set(id, new Session(workflow, runId, input, auth, continuation));
}

export function closeSession(id) {
  sessions.delete(id);
  for (const call of [...calls.values()].filter((call) => call.session === id)) abortCall(call.id, "TASK_ABORTED", "the run was closed");
}

export function addRow(id, table, nodeId, iteration, text) {
  const session = sessions.get(id);
  session.rows.add(table, nodeId, iteration, text);
  session.statics.forget(nodeId, iteration);
}

/**
 * Begins the next frame: what is to be rendered, the memory of its positions, where plain tasks with a function are
 * put, its context, its reads of rows, and the reads that changed. It must be ended, or given up.
 */
export function beginFrame(id, iteration, iterations, patches, stale) {
  const session = sessions.get(id);
  session.stale = new Set(stale === undefined || stale === null ? [] : JSON.parse(stale));
  const ctx = makeContext(session, iteration, freeze(JSON.parse(iterations)));
  const frame = new Frame(ctx, session);
  if (patches !== undefined && patches !== null) frame.know(JSON.parse(patches));
  const { rows } = session;
  rows.begin();
  resetHooks();
  renderIn(frame);
  return [session.workflow.build(ctx), session.fibers, frame.plain, ctx, rows.trail, rows.changed];
}

/** Ends the frame that was begun. Its callbacks replace those before it. Gives the patches it met first, or null. */
export function endFrame() {
  const frame = currentFrame();
  renderIn(null);
  frame.session.frame = frame;
  frame.session.rows.end();
  frame.before = null;
  return frame.met === null ? null : JSON.stringify(frame.met);
}

/** Gives up the frame that was begun and throws the reason. */
export function failFrame(error) {
  renderIn(null);
  throw error instanceof SmithersError ? error : renderFailure(error);
}

/** Gives up the frame that was begun. */
export function dropFrame() {
  renderIn(null);
}

/** The reads of rows that frames of a session have made for the first time, as a flat list, or null. */
export function takeReads(id) {
  return sessions.get(id).rows.takeFresh();
}

function renderFailure(cause) {
  if (cause instanceof Error && cause.name === "InternalError") return cause;
  const message = cause instanceof Error ? cause.message : String(cause);
  const failure = new SmithersError("WORKFLOW_RENDER_FAILED", `the workflow failed to render: ${message}`);
  failure.cause = cause;
  return failure;
}

/** A call of a body under way. */
class Call {
  constructor(id, session, nodeId, body, failures, scorings) {
    this.id = id;
    this.session = session;
    this.nodeId = nodeId;
    this.body = body;
    /** Attempts of the task that failed before this one. */
    this.failures = failures;
    /** How many scorers will look at its result. */
    this.scorings = scorings;
    /** What the node waited for: a signal or an answer. */
    this.given = null;
    /** What its agent is asked, when that is known already. */
    this.prompt = null;
    this.controller = new AbortController();
    this.pulse = new Pulse(id, nodeId, body.heartbeatTimeoutMs, (error) => giveUp(this, error));
    /** What its code may know of it. */
    this.task = null;
  }
}

/**
 * What the result of a coming call depends on, as text: a request, or why there is none. The body is kept for the call,
 * which may come after further frames.
 */
export function askCall(id, index, nodeId, [iteration, attempt], rows) {
  const session = sessions.get(id);
  moveContext(session.frame.ctx, rows);
  const body = session.frame.callback(index, nodeId);
  const asked = { body, prompt: null };
  session.asked.set(nameOfCall(nodeId, iteration, attempt), asked);
  if (body.cache === undefined) return "{}";
  try {
    if (body.chain !== undefined) asked.prompt = body.prompt();
    return cacheRequest(body, session, { nodeId, iteration, attempt }, asked.prompt);
  } catch (error) {
    return JSON.stringify({ problem: describeError(error).message });
  }
}

/** Forgets a body that was kept for a call which does not come. */
export function forgetAsked(id, nodeId, iteration, attempt) {
  sessions.get(id)?.asked.delete(nameOfCall(nodeId, iteration, attempt));
}

function takeAsked(session, nodeId, iteration, attempt) {
  const name = nameOfCall(nodeId, iteration, attempt);
  const asked = session.asked.get(name);
  session.asked.delete(name);
  if (asked === undefined) throw new SmithersError("INTERNAL_ERROR", `nothing was kept for the call of "${nodeId}"`);
  return asked;
}

function nameOfCall(nodeId, iteration, attempt) {
  return `${attempt}:${iteration}:${nodeId}`;
}

/**
 * Starts the body of a task of the newest frame. Its end is reported through `native.settle`. When the frame stands for
 * a later one, its functions see the `rows` of that one.
 */
export function startCall(callId, id, index, nodeId, [iteration, attempt, failures, isAsked, scorings], rows, [last, given, root]) {
  const session = sessions.get(id);
  moveContext(session.frame.ctx, rows);
  const asked = isAsked === 1 ? takeAsked(session, nodeId, iteration, attempt) : null;
  const body = asked?.body ?? session.frame.callback(index, nodeId);
  const call = new Call(callId, id, nodeId, body, failures, scorings);
  if (asked !== null) call.prompt = asked.prompt;
  if (typeof given === "string") call.given = JSON.parse(given);
  calls.set(callId, call);
  if (body.timeoutMs !== null) native.deadline(callId, body.timeoutMs);
  const { pulse, controller } = call;
  const lastHeartbeat = typeof last === "string" ? JSON.parse(last) : null;
  const task = new TaskRuntime(session.runId, { nodeId, iteration, attempt, lastHeartbeat, signal: controller.signal, pulse, rootDir: root ?? undefined });
  call.task = task;
  try {
    const text = inTask(task, () => body.begin(call));
    if (typeof text === "string") settle(call, true, text, false);
    else text.then((text) => settle(call, true, text, false), (error) => fail(call, error));
  } catch (error) {
    fail(call, error);
  }
}

function fail(call, error) {
  const described = describeError(error);
  settle(call, false, JSON.stringify(described), call.body.mayRetry(described));
}

/** Fails a call that may go on by itself: nobody waits for it any more. */
function giveUp(call, error) {
  fail(call, error);
  call.controller.abort(error);
}

function settle(call, succeeded, text, retryable) {
  if (!calls.delete(call.id)) return;
  call.pulse.stop();
  if (succeeded && call.scorings > 0) keepForScorers(call, text);
  native.settle(call.id, succeeded, text, retryable);
}

function keepForScorers({ session, task, body, prompt, scorings }, text) {
  const name = nameOfCall(task.nodeId, task.iteration, task.attempt);
  sessions.get(session)?.scored.set(name, new Scored(body, prompt, text, scorings));
}

/** Asks a scorer of a task for what it says of the result of an attempt, which was called in this session. */
export function startScoring(callId, id, nodeId, [iteration, attempt], key, latencyMs) {
  const { scored } = sessions.get(id);
  const name = nameOfCall(nodeId, iteration, attempt);
  const found = scored.get(name);
  if (found === undefined) throw new SmithersError("INTERNAL_ERROR", `nothing was kept for the scorers of "${nodeId}"`);
  found.left -= 1;
  if (found.left === 0) scored.delete(name);
  beginJudging(callId, found, key, latencyMs);
}

/** Fires the abort signal of a call with the reason; whatever the call does afterwards is ignored. */
export function abortCall(callId, code, message) {
  const call = calls.get(callId);
  if (call === undefined) return;
  calls.delete(callId);
  call.pulse.stop();
  call.controller.abort(new SmithersError(code, message));
}
