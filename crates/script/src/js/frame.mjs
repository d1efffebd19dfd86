// The frame that is being rendered. Rendering is synchronous, so one variable is enough.

import { ComputeBody } from "smithers:body";
import { SmithersError } from "smithers:errors";

let current = null;

/** Indexes from here on are those of plain tasks. */
const PLAIN = 2 ** 31;

/** Most patches that a run has on record. */
const MOST_PATCHES = 1000;
/** Indexes from here on, up to those of plain tasks, are functions that take effects back. */
const REVERTS = 2 ** 30;

/** A frame: the context that its closures see, and the callbacks its tasks may call. */
export class Frame {
  constructor(ctx, session) {
    this.ctx = ctx;
    this.session = session;
    this.callbacks = [];
    /** Functions that take the effects of tasks back. */
    this.reverts = [];
    /** Properties of plain tasks with a function; the host puts them here. */
    this.plain = [];
    this.before = session.frame;
    /** The run has no frame yet. */
    this.isNew = false;
    /** Patches that no frame before has met, with what was decided about them; null for none. */
    this.met = null;
    /** Iteration of each task inside a loop. */
    this.looped = new Map();
    /** Ids of the worktrees that it has shown. */
    this.worktrees = new Set();
  }

  /** Takes in what is on record about patches. */
  know({ isNew, decided }) {
    this.isNew = isNew;
    for (const [id, patched] of Object.entries(decided)) this.session.patches.set(id, patched);
  }

  /** Whether the run takes part in a patch; decided when it meets it first. */
  isPatched(id) {
    const { patches } = this.session;
    if (!patches.has(id)) {
      if (patches.size >= MOST_PATCHES) throw new SmithersError("INVALID_INPUT", `a run meets at most ${MOST_PATCHES} patches`);
      patches.set(id, this.isNew);
      (this.met ??= []).push([id, this.isNew]);
    }
    return patches.get(id);
  }

  /** The iteration of a task inside a loop, as far as it is known from this frame or the one before. */
  iterationOf(nodeId) {
    return this.looped.get(nodeId) ?? this.before?.looped.get(nodeId);
  }

  /** The callback that was kept as `index` for a node, or the node's own when frames overtook each other. */
  callback(index, nodeId) {
    if (index >= REVERTS && index < PLAIN) return this.revert(index - REVERTS, nodeId);
    const kept = index < PLAIN ? this.callbacks[index] : this.plain[index - PLAIN];
    const callback = idOf(kept) === nodeId ? kept : [...this.callbacks, ...this.plain].find((other) => idOf(other) === nodeId);
    if (callback === undefined) throw new SmithersError("INTERNAL_ERROR", `node "${nodeId}" has no function in the newest frame`);
    return callback.nodeId === undefined ? this.bodyOf(callback) : callback;
  }

  /** The function that takes the effect of a node back. */
  revert(index, nodeId) {
    const kept = this.reverts[index];
    if (kept?.nodeId === nodeId) return kept;
    throw new SmithersError("INTERNAL_ERROR", `node "${nodeId}" has no revert in the newest frame`);
  }

  /** What a plain task does. */
  bodyOf({ id, output, children }) {
    const { registry } = this.session;
    return new ComputeBody(id, children, registry.schema(registry.keyOf(output)), null, null);
  }

  /** Notes a worktree; two with one id are an error. */
  showWorktree({ id, path }) {
    if (this.worktrees.has(id)) throw new SmithersError("DUPLICATE_ID", `two worktrees have the id "${id}"`);
    this.worktrees.add(id);
    this.session.worktrees.set(id, path);
  }

  /** Notes where a task works. */
  houseTask({ id, worktree }) {
    this.session.worktrees.set(id, worktree.path);
  }

  /** Keeps a callback and returns its index. */
  keep(callback) {
    return this.callbacks.push(callback) - 1;
  }

  /** Keeps a function that takes an effect back and returns its index. */
  keepRevert(body) {
    return REVERTS + this.reverts.push(body) - 1;
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

const LONGEST_PATCH = 256;

/** Whether this run takes part in the change `id` of its workflow: runs that met it in their first frame do. */
export function usePatched(id) {
  if (typeof id !== "string" || id === "" || id.length > LONGEST_PATCH) {
    throw new SmithersError("INVALID_INPUT", `usePatched needs the id of a patch: a text of 1 to ${LONGEST_PATCH} characters`);
  }
  return currentFrame().isPatched(id);
}

export function useCtx() {
  return currentFrame().ctx;
}
