// Sessions: one per open run. They hold rows, component state and the callbacks of the newest frame.

import { native } from "smithers:native";
import { SmithersError, describeError } from "smithers:errors";
import { Barred } from "smithers:agent-chain";
import { makeContext } from "smithers:context";
import { Frame, within } from "smithers:frame";
import { CheckedTexts, checkedText } from "smithers:output";
import { Renderer } from "smithers:render";
import { Rows, freeze } from "smithers:rows";
import { enterTask } from "smithers:runtime";

const sessions = new Map();
const calls = new Map();

class Session {
  constructor(workflow, runId, input, auth) {
    this.workflow = workflow;
    this.registry = workflow.registry;
    this.runId = runId;
    this.input = freeze(JSON.parse(input));
    this.auth = freeze(JSON.parse(auth));
    this.rows = new Rows();
    this.statics = new CheckedTexts();
    this.renderer = new Renderer();
    this.barredAgents = new Barred();
    this.frame = null;
  }

  hasRow(table, nodeId, iteration) {
    return this.rows.has(table, nodeId, iteration);
  }
}

export function openSession(id, workflow, runId, input, auth) {
  sessions.set(id, new Session(workflow, runId, input, auth));
}

export function closeSession(id) {
  sessions.delete(id);
  for (const call of [...calls.values()].filter((call) => call.session === id)) abortCall(call.id);
}

export function addRow(id, table, nodeId, iteration, text) {
  const session = sessions.get(id);
  session.rows.add(table, nodeId, iteration, text);
  session.statics.forget(nodeId, iteration);
}

/** Renders the next frame and returns its root nodes. Its callbacks replace those before it. */
export function renderFrame(id, iteration, iterations) {
  const session = sessions.get(id);
  const ctx = makeContext(session, iteration, freeze(JSON.parse(iterations)));
  const frame = new Frame(ctx, session);
  const roots = within(frame, () => {
    try {
      return session.renderer.render(session.workflow.build(ctx));
    } catch (error) {
      throw error instanceof SmithersError ? error : renderFailure(error);
    }
  });
  session.frame = frame;
  frame.before = null;
  return roots;
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

/** Starts a callback of the newest frame. Its end is reported through `native.settle`. */
export function startCall(callId, id, index, nodeId, iteration, attempt) {
  const session = sessions.get(id);
  const callback = session.frame.callback(index, nodeId);
  const call = { id: callId, session: id, nodeId, controller: new AbortController() };
  calls.set(callId, call);
  if (callback.timeoutMs !== null) native.deadline(callId, callback.timeoutMs);
  const runtime = { runId: session.runId, stepId: nodeId, nodeId, iteration, attempt, signal: call.controller.signal };
  try {
    const value = enterTask(runtime, callback.run);
    if (typeof value?.then === "function") {
      Promise.resolve(value).then((value) => finish(call, value, callback), (error) => fail(call, error, callback));
    } else {
      finish(call, value, callback);
    }
  } catch (error) {
    fail(call, error, callback);
  }
}

function finish(call, value, callback) {
  try {
    settle(call, true, checkedText(value, callback.schema, call.nodeId), false);
  } catch (error) {
    fail(call, error, callback);
  }
}

function fail(call, error, callback) {
  const described = describeError(error);
  const isHopeless = described.code === "INVALID_OUTPUT" && callback.retriesInvalidOutput !== true;
  const retryable = !isHopeless && described.details?.failureRetryable !== false;
  settle(call, false, JSON.stringify(described), retryable);
}

function settle(call, succeeded, text, retryable) {
  if (calls.delete(call.id)) native.settle(call.id, succeeded, text, retryable);
}

/** Fires the abort signal of a call; whatever it does afterwards is ignored. */
export function abortCall(callId) {
  const call = calls.get(callId);
  if (call === undefined) return;
  calls.delete(callId);
  call.controller.abort(new SmithersError("TASK_ABORTED", `task "${call.nodeId}" was aborted`));
}
