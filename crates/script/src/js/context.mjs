// `ctx`: what a frame is rendered from. Made anew for every frame that is rendered.

import { SmithersError, unavailable } from "smithers:errors";
import { native } from "smithers:native";
import { proofOf } from "smithers:proof";
import { resolveWorktreePath } from "smithers:worktree";

/** Makes the context of a frame from its session and from what the host gave for this frame. */
export function makeContext(session, iteration, iterations) {
  return new Context(session, iteration, iterations);
}

/** Shows the first `rows` rows of the run to the functions of a frame that stands for a later one. */
export let moveContext;

class Context {
  static {
    moveContext = (ctx, rows) => {
      if (rows > ctx.#limit) ctx.#limit = rows;
    };
  }

  #session;
  #limit;
  /** What the current passes of outer loops append to ids, the longest first. */
  #scopes;

  constructor(session, iteration, iterations) {
    this.#session = session;
    this.#limit = session.rows.count;
    this.#scopes = scopesOf(iterations);
    this.runId = session.runId;
    this.input = session.input;
    this.auth = session.auth;
    this.continuation = session.continuation;
    this.iteration = iteration;
    this.iterations = iterations;
    this.outputs = this.#outputTables();
    Object.freeze(this);
  }

  output(target, where) {
    const row = this.outputMaybe(target, where);
    if (row === undefined) {
      throw new SmithersError("MISSING_OUTPUT", `node "${where?.nodeId}" has no row in "${this.#key(target)}"`);
    }
    return row;
  }

  outputMaybe(target, where) {
    return this.#find(this.#key(target), where)?.value();
  }

  latest(target, nodeId) {
    let latest;
    for (const row of this.#ofNode(target, nodeId)) {
      if (latest === undefined || row.iteration >= latest.iteration) latest = row;
    }
    return latest?.value();
  }

  latestArray(value, schema) {
    let list = value;
    if (typeof list === "string") {
      try {
        list = JSON.parse(list);
      } catch {
        return [];
      }
    }
    if (list === null || list === undefined) return [];
    const parsed = (Array.isArray(list) ? list : [list]).map((item) => schema.safeParse(item));
    return parsed.filter((result) => result.success).map((result) => result.data);
  }

  iterationCount(target, nodeId) {
    return new Set(this.#ofNode(target, nodeId).map((row) => row.iteration)).size;
  }

  outputRows(target, { nodeId } = {}) {
    const key = this.#key(target);
    const rows = nodeId === undefined ? this.#session.rows.ofTable(key, this.#limit) : this.#ofNode(target, nodeId);
    return rows.map((row) => ({ payload: row.value(), nodeId: row.nodeId, iteration: row.iteration, seq: row.order }));
  }

  signalRows() {
    return unavailable("ctx.signalRows");
  }

  /** The proof of the newest row of a node, or of that of a named iteration; undefined without one. */
  prove(target, key) {
    const table = this.#key(target);
    const where = typeof key === "string" ? { nodeId: key } : key;
    const { rows } = this.#inScope(table, where?.nodeId);
    const isMeant = (row) => where.iteration === undefined || row.iteration === where.iteration;
    const newest = (one, other) => (one === undefined || other.iteration >= one.iteration ? other : one);
    return proofOf(table, rows.filter(isMeant).reduce(newest, undefined));
  }

  /** Whether a task is held because a row that it is bound to has changed. */
  boundStale(nodeId) {
    // The next frame may find another answer, whatever rows it reads.
    native.touch();
    const { stale } = this.#session;
    return stale.has(nodeId) || this.#scopes.some((scope) => stale.has(nodeId + scope));
  }

  /** Where the worktree of that id is, or that around the task of that id, as far as frames have shown it. */
  worktreePath(id) {
    // The next frame may know more, whatever rows it reads.
    native.touch();
    return this.#session.worktrees.get(id);
  }

  resolveWorktreePath(path) {
    return resolveWorktreePath(path);
  }

  #key(target) {
    return this.#session.registry.keyOf(target);
  }

  #ofNode(target, nodeId) {
    return this.#inScope(this.#key(target), nodeId).rows;
  }

  /** Rows of the node of that id, else of the one in the current passes of the loops around it. */
  #inScope(key, nodeId) {
    const { rows } = this.#session;
    const plain = rows.ofNode(key, nodeId, this.#limit);
    if (plain.length > 0) return { rows: plain, isNested: false };
    for (const scope of this.#scopes) {
      const nested = rows.ofNode(key, nodeId + scope, this.#limit);
      if (nested.length > 0) return { rows: nested, isNested: true };
    }
    return { rows: plain, isNested: false };
  }

  /**
   * The row of the named iteration, or of this frame's; failing that the first of that node. Inside nested loops no
   * iteration is this frame's: there it is the newest row of the pass.
   */
  #find(key, where) {
    const { rows, isNested } = this.#inScope(key, where?.nodeId);
    if (where?.iteration !== undefined) return rows.find((row) => row.iteration === where.iteration);
    if (isNested) return rows.reduce((newest, row) => (row.iteration >= newest.iteration ? row : newest));
    return rows.find((row) => row.iteration === this.iteration) ?? rows[0];
  }

  /** A function from table to rows which also has each table as a property. */
  #outputTables() {
    const read = (target) => {
      const rows = this.#session.rows.ofTable(this.#key(target), this.#limit);
      return rows.map((row) => row.full(this.runId));
    };
    for (const key of this.#session.registry.keys()) {
      Object.defineProperty(read, key, { get: () => read(key), enumerable: true, configurable: true });
    }
    return read;
  }
}

/** The scopes that ids of nested loops carry, the longest first. */
function scopesOf(iterations) {
  const scopes = new Set();
  for (const id in iterations) {
    const at = id.indexOf("@@");
    if (at >= 0) scopes.add(id.slice(at));
  }
  return [...scopes].sort((one, other) => other.length - one.length);
}
