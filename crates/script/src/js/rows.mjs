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
  }

  add(table, nodeId, iteration, text) {
    const row = new Row(this.count++, table, nodeId, iteration, text);
    let entry = this.tables.get(table);
    if (entry === undefined) this.tables.set(table, (entry = { rows: [], nodes: new Map() }));
    entry.rows.push(row);
    const ofNode = entry.nodes.get(nodeId);
    if (ofNode === undefined) entry.nodes.set(nodeId, [row]);
    else ofNode.push(row);
  }

  /** Rows of `table` in completion order. */
  ofTable(table, limit) {
    return visible(this.tables.get(table)?.rows, limit);
  }

  /** Rows of `nodeId` in `table`, in completion order. */
  ofNode(table, nodeId, limit) {
    return visible(this.tables.get(table)?.nodes.get(nodeId), limit);
  }

  find(table, nodeId, iteration, limit) {
    return this.ofNode(table, nodeId, limit).find((row) => row.iteration === iteration);
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
