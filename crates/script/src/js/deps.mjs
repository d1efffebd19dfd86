// `deps`: rows of other tasks that a task is given. They are looked up when it is rendered.

import { SmithersError } from "smithers:errors";
import { Kind, host } from "smithers:render";

/** What a task gets from the tasks it names, or which of their rows are missing. */
class Resolved {
  constructor() {
    /** Key to row. */
    this.values = {};
    /** Ids of the tasks named, to be waited for. */
    this.ids = [];
    /** Ids of the tasks whose rows are needed and not there. */
    this.missing = [];
  }

  /** `run` with the rows as its argument. */
  given(run) {
    const values = Object.freeze(this.values);
    return () => run(values);
  }
}

/** Looks up the rows that `props.deps` names, as a task inside the loop `scope` sees them. Null when it names none. */
export function resolveDeps(props, frame, scope) {
  const { deps } = props;
  if (deps === undefined || deps === null) return null;
  if (typeof deps !== "object") throw new SmithersError("INVALID_INPUT", `deps of task "${props.id}" must be an object of outputs`);
  const resolved = new Resolved();
  for (const key of Object.keys(deps)) {
    const id = props.needs?.[key] ?? key;
    const row = findRow(frame, frame.session.registry.keyOf(deps[key]), id, scope);
    resolved.ids.push(id);
    if (row !== undefined) resolved.values[key] = row.value();
    else if (!props.depsOptional) resolved.missing.push(id);
  }
  return resolved;
}

/** Stands for a task that is not mounted yet: nothing of it is in the frame's record. */
export function deferred({ id, iteration }, missing) {
  return host(Kind.deferred, "smithers:deferred", {}, { id, iteration, missing }, null);
}

/**
 * The row of a task in the pass it is in. A plain id that has none yet falls back to its first row; inside nested
 * loops an id stands for one pass of the outer loops and has nothing to fall back to.
 */
function findRow(frame, table, id, scope) {
  const plain = frame.session.rows.ofNode(table, id, Infinity);
  if (plain.length > 0) return inPass(plain, frame.iterationOf(id) ?? scope?.iteration ?? 0) ?? plain[0];
  for (const spelling of scope?.spellings(id) ?? []) {
    const rows = frame.session.rows.ofNode(table, spelling, Infinity);
    if (rows.length > 0) return inPass(rows, frame.iterationOf(spelling) ?? scope.iteration);
  }
  return undefined;
}

function inPass(rows, iteration) {
  return rows.find((row) => row.iteration === iteration);
}
