// Checks what a task produced against its schema, and turns it into the text that is stored.

import { SmithersError } from "smithers:errors";
import { definitionOf } from "smithers:schema";

const MOST_ISSUES = 5;
const SYSTEM_FIELDS = ["runId", "nodeId", "iteration"];

/**
 * Returns `value` as JSON text, or throws INVALID_OUTPUT.
 * The schema judges the value; what is stored is the value itself, without unknown fields and with the schema's
 * defaults for those that are missing.
 */
export function checkedText(value, schema, nodeId) {
  if (typeof value?.then === "function") throw invalid(nodeId, "a static value cannot be a promise", []);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalid(nodeId, `expected an object, received ${typeName(value)}`, []);
  }
  const row = knownFields(value, schema);
  const result = schema.safeParse(row);
  if (!result.success) {
    throw invalid(nodeId, issueText(result.error.issues), Object.keys(value), result.error.issues);
  }
  return textOf(withDefaults(row, result.data), nodeId);
}

/**
 * Checked texts of static values, by node. Most static values are the same in each frame, and comparing a few
 * fields costs a small part of checking and writing them again.
 */
export class CheckedTexts {
  constructor() {
    this.known = new Map();
  }

  /** As `checkedText`; a flat value that equals the last one of this node is not checked again. */
  of(value, schema, nodeId, iteration) {
    const key = iteration === 0 ? nodeId : `${nodeId}::${iteration}`;
    const last = this.known.get(key);
    if (last !== undefined && last.schema === schema && equalsFlat(value, last.copy)) return last.text;
    const text = checkedText(value, schema, nodeId);
    // A copy, so that a value that is changed in place is seen to have changed.
    if (isFlat(value)) this.known.set(key, { schema, copy: { ...value }, text });
    return text;
  }

  /** The node has its row; its text will not be asked for again. */
  forget(nodeId, iteration) {
    this.known.delete(iteration === 0 ? nodeId : `${nodeId}::${iteration}`);
  }
}

function isFlat(value) {
  if (Object.getPrototypeOf(value) !== Object.prototype) return false;
  for (const name in value) {
    const type = typeof value[name];
    if ((type === "object" && value[name] !== null) || type === "function") return false;
  }
  return true;
}

/** Whether `value` has just the fields of `copy`, which is flat, with the same values. */
function equalsFlat(value, copy) {
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) return false;
  let fields = 0;
  for (const name in value) {
    if (!Object.is(value[name], copy[name]) || !(name in copy)) return false;
    fields += 1;
  }
  for (const name in copy) {
    fields -= 1;
  }
  return fields === 0;
}

/** The first issues as `path: message`, joined by `; `. */
export function issueText(issues) {
  const shown = issues.slice(0, MOST_ISSUES).map(({ path, message }) => (path.length > 0 ? `${path.join(".")}: ${message}` : message));
  if (issues.length > MOST_ISSUES) shown.push(`and ${issues.length - MOST_ISSUES} more`);
  return shown.join("; ");
}

function knownFields(value, schema) {
  const { shape } = definitionOf(schema) ?? {};
  const row = {};
  for (const name of Object.keys(shape ?? value)) {
    if (name in value && !SYSTEM_FIELDS.includes(name)) row[name] = value[name];
  }
  return row;
}

/** The fields that the schema has put in are those that the value had not. */
function withDefaults(row, parsed) {
  for (const name in parsed) {
    if (row[name] === undefined) row[name] = parsed[name];
  }
  return row;
}

/** A value as JSON text that every reader takes; undefined for what JSON has no word for. */
export function jsonText(value) {
  const text = JSON.stringify(value);
  return HALF_A_CHARACTER.test(text) ? JSON.stringify(value, wellFormed) : text;
}

function textOf(row, nodeId) {
  try {
    return jsonText(row);
  } catch (error) {
    throw invalid(nodeId, `it cannot be written as JSON: ${error.message}`, Object.keys(row));
  }
}

/** An escape that stands for half of a surrogate pair; no other JSON reader takes it. */
const HALF_A_CHARACTER = /\\ud[89a-f]/;

function wellFormed(_key, value) {
  return typeof value === "string" ? value.toWellFormed() : value;
}

function invalid(nodeId, problem, received, issues) {
  const details = { nodeId, received };
  if (issues !== undefined) {
    details.issues = issues.slice(0, MOST_ISSUES).map(({ path, message, code }) => ({ path, message, code }));
  }
  return new SmithersError("INVALID_OUTPUT", `the output of "${nodeId}" does not fit its schema: ${problem}`, details);
}

function typeName(value) {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}
