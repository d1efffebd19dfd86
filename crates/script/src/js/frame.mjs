// The frame that is being rendered. Rendering is synchronous, so one variable is enough.

import { SmithersError } from "smithers:errors";

let current = null;

/** A frame: the context that its closures see, and the callbacks its tasks may call. */
export class Frame {
  constructor(ctx, session) {
    this.ctx = ctx;
    this.session = session;
    this.callbacks = [];
    this.before = session.frame;
    /** Iteration of each task inside a loop. */
    this.looped = new Map();
  }

  /** Index path of the element that is rendered next, for containers without an id. */
  path = () => this.session.renderer.path();

  /** The iteration of a task inside a loop, as far as it is known from this frame or the one before. */
  iterationOf(nodeId) {
    return this.looped.get(nodeId) ?? this.before?.looped.get(nodeId);
  }

  /** The callback that was kept as `index` for a node, or the node's own when frames overtook each other. */
  callback(index, nodeId) {
    const kept = this.callbacks[index];
    const callback = kept?.nodeId === nodeId ? kept : this.callbacks.find((other) => other.nodeId === nodeId);
    if (callback === undefined) throw new SmithersError("INTERNAL_ERROR", `node "${nodeId}" has no function in the newest frame`);
    return callback;
  }

  /** Keeps a callback and returns its index. */
  keep(callback) {
    return this.callbacks.push(callback) - 1;
  }
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
