// Output rows of a run, as the host feeds them. Parsed on first read, frozen.

/** A row that was stored: its place in completion order, and its text until somebody reads it. */
class Row {
  constructor(order, table, nodeId, iteration, text) {
    this.order = order;
    this.table = table;
    this.nodeId = nodeId;
    this.iteration = iteration;
    this.text = text;
    this.parsed = null;
    this.withKeys = null;
    this.digest = null;
  }

  /** The fields alone. */
  value() {
    if (this.parsed === null) {
      this.parsed = freeze(JSON.parse(this.text));
      this.text = null;
    }
    return this.parsed;
  }

  /** The fields with run, node and iteration. */
  full(runId) {
    this.withKeys ??= Object.freeze({ runId, nodeId: this.nodeId, iteration: this.iteration, ...this.value() });
    return this.withKeys;
  }
}

/** All rows of a run, by table and node. A frame looks only at the first `limit` of them. */
export class Rows {
  constructor() {
    this.count = 0;
    this.tables = new Map();
    /** By table and node, the number of each read of rows; an empty text is the whole table. */
    this.read = new Map();
    this.reads = 0;
    /** Numbers of the reads of this frame, in order. */
    this.trail = [];
    /** Numbers of reads that would find more than before the newest frame. */
    this.changed = [];
    /** What was read since the host looked, as a flat list of tables and nodes. */
    this.fresh = [];
  }

  add(table, nodeId, iteration, text) {
    const row = new Row(this.count++, table, nodeId, iteration, text);
    let entry = this.tables.get(table);
    if (entry === undefined) this.tables.set(table, (entry = { rows: [], nodes: new Map() }));
    entry.rows.push(row);
    const ofNode = entry.nodes.get(nodeId);
    if (ofNode === undefined) entry.nodes.set(nodeId, [row]);
    else ofNode.push(row);
    const read = this.read.get(table);
    for (const name of ["", nodeId]) if (read?.has(name)) this.changed.push(read.get(name));
  }

  /** A frame begins. */
  begin() {
    this.trail = [];
  }

  /** A frame has seen all rows. */
  end() {
    this.changed = [];
  }

  /** Notes that what is rendered depends on these rows, whether or not there are any. */
  note(table, nodeId) {
    let nodes = this.read.get(table);
    if (nodes === undefined) this.read.set(table, (nodes = new Map()));
    let number = nodes.get(nodeId);
    if (number === undefined) {
      number = this.reads++;
      nodes.set(nodeId, number);
      this.fresh.push(table, String(nodeId));
    }
    this.trail.push(number);
  }

  /** The reads that are new since the last time, or null. */
  takeFresh() {
    if (this.fresh.length === 0) return null;
    const { fresh } = this;
    this.fresh = [];
    return fresh;
  }

  /** Rows of `table` in completion order. */
  ofTable(table, limit) {
    this.note(table, "");
    return visible(this.tables.get(table)?.rows, limit);
  }

  /** Rows of `nodeId` in `table`, in completion order. */
  ofNode(table, nodeId, limit) {
    this.note(table, nodeId);
    return visible(this.tables.get(table)?.nodes.get(nodeId), limit);
  }

  /** The row of a node in whatever table it is, of this iteration or else the first; undefined without one. */
  anyOf(nodeId, iteration) {
    for (const { nodes } of this.tables.values()) {
      const rows = nodes.get(nodeId);
      if (rows !== undefined) return (rows.find((row) => row.iteration === iteration) ?? rows[0]).value();
    }
    return undefined;
  }

  /** Whether a node has its row. What is rendered must not depend on it. */
  has(table, nodeId, iteration) {
    const rows = this.tables.get(table)?.nodes.get(nodeId);
    return rows !== undefined && rows.some((row) => row.iteration === iteration);
  }
}

function visible(rows, limit) {
  if (rows === undefined) return [];
  return rows.length === 0 || rows[rows.length - 1].order < limit ? rows : rows.filter((row) => row.order < limit);
}

export function freeze(value) {
  if (typeof value === "object" && value !== null) {
    for (const key of Object.keys(value)) freeze(value[key]);
    Object.freeze(value);
  }
  return value;
}
