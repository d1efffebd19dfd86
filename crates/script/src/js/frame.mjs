// The frame that is being rendered. Rendering is synchronous, so one variable is enough.

import { ComputeBody } from "smithers:body";
import { SmithersError } from "smithers:errors";

let current = null;

/** Indexes from here on are those of plain tasks. */
const PLAIN = 2 ** 31;

/** A frame: the context that its closures see, and the callbacks its tasks may call. */
export class Frame {
  constructor(ctx, session) {
    this.ctx = ctx;
    this.session = session;
    this.callbacks = [];
    /** Properties of plain tasks with a function; the host puts them here. */
    this.plain = [];
    this.before = session.frame;
    /** Iteration of each task inside a loop. */
    this.looped = new Map();
  }

  /** The iteration of a task inside a loop, as far as it is known from this frame or the one before. */
  iterationOf(nodeId) {
    return this.looped.get(nodeId) ?? this.before?.looped.get(nodeId);
  }

  /** The callback that was kept as `index` for a node, or the node's own when frames overtook each other. */
  callback(index, nodeId) {
    const kept = index < PLAIN ? this.callbacks[index] : this.plain[index - PLAIN];
    const callback = idOf(kept) === nodeId ? kept : [...this.callbacks, ...this.plain].find((other) => idOf(other) === nodeId);
    if (callback === undefined) throw new SmithersError("INTERNAL_ERROR", `node "${nodeId}" has no function in the newest frame`);
    return callback.nodeId === undefined ? this.bodyOf(callback) : callback;
  }

  /** What a plain task does. */
  bodyOf({ id, output, children }) {
    const { registry } = this.session;
    return new ComputeBody(id, children, registry.schema(registry.keyOf(output)), null, null);
  }

  /** Keeps a callback and returns its index. */
  keep(callback) {
    return this.callbacks.push(callback) - 1;
  }
}

function idOf(callback) {
  return callback?.nodeId ?? callback?.id;
}

/** Makes `frame` the one being rendered; null ends it. */
export function renderIn(frame) {
  current = frame;
}

/** Runs `body` while `frame` is the one being rendered. */
export function within(frame, body) {
  current = frame;
  try {
    return body();
  } finally {
    current = null;
  }
}

/** The frame being rendered; components use it, nothing else may. */
export function currentFrame() {
  if (current === null) {
    throw new SmithersError("CONTEXT_OUTSIDE_WORKFLOW", "this can only be used while a workflow renders");
  }
  return current;
}

export function useCtx() {
  return currentFrame().ctx;
}
