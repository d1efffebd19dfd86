// Errors of the product, and errors of any origin as data.

/** An error with one of the product's codes. */
export class SmithersError extends Error {
  constructor(code, message, details) {
    super(message);
    this.name = "SmithersError";
    this.code = code;
    if (details !== undefined) this.details = details;
  }
}

/** Throws when a function of a module asks for something that a module cannot do here. */
export function unavailable(what) {
  throw new SmithersError("RUNTIME_CAPABILITY_UNAVAILABLE", `${what} is not available to workflow modules of this gateway`);
}

const DEEPEST_CAUSE = 4;

/** An error of any origin as plain data. Only errors of the product keep their code. */
export function describeError(thrown, depth = 0) {
  try {
    return describe(thrown, depth);
  } catch {
    return { name: "Error", message: "what was thrown cannot be read" };
  }
}

function describe(thrown, depth) {
  if (!(thrown instanceof Error)) return { name: "Error", message: textOf(thrown) };
  const described = { name: String(thrown.name), message: String(thrown.message) };
  if (thrown instanceof SmithersError) described.code = thrown.code;
  if (typeof thrown.stack === "string") described.stack = thrown.stack;
  const details = jsonOf(thrown.details);
  if (details !== undefined) described.details = details;
  if (thrown.cause !== undefined && depth < DEEPEST_CAUSE) {
    described.cause = describeError(thrown.cause, depth + 1);
  }
  return described;
}

function textOf(value) {
  if (typeof value === "string") return value;
  return JSON.stringify(jsonOf(value)) ?? String(value);
}

function jsonOf(value) {
  try {
    const text = JSON.stringify(value);
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
