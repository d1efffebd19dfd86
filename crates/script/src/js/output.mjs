// Checks what a task produced against its schema, and turns it into the text that is stored.

import { SmithersError } from "smithers:errors";
import { definitionOf } from "smithers:schema";

const MOST_ISSUES = 5;
const SYSTEM_FIELDS = ["runId", "nodeId", "iteration"];

/**
 * Returns `value` as JSON text, or throws INVALID_OUTPUT.
 * The schema judges the value; what is stored is the value itself, without unknown fields.
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
  return textOf(row, nodeId);
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

function textOf(row, nodeId) {
  try {
    const text = JSON.stringify(row);
    return HALF_A_CHARACTER.test(text) ? JSON.stringify(row, wellFormed) : text;
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
