// Properties of composites: read by a table of kinds, refused when missing, wrong or unknown.

import { SmithersError } from "smithers:errors";

const LONGEST_SHOWN = 80;

/** Throws INVALID_INPUT in the name of a component. */
export function refuse(component, why) {
  throw new SmithersError("INVALID_INPUT", `${component}: ${why}`);
}

/**
 * Makes the reader of a component's properties: `kinds` has a kind for each. `id` and `skipIf` are common to all;
 * `prefix` is the id when none is given.
 */
export function settings(component, prefix, kinds) {
  const all = { id: optional(text, prefix), skipIf: any, ...kinds };
  return (props) => read(component, all, props, "");
}

/** A kind for objects with fields of their own kinds. */
export function record(kinds) {
  return (value, say, component, path) => {
    if (!isRecord(value)) say("an object");
    return read(component, kinds, value, `${path}.`);
  };
}

function read(component, kinds, given, path) {
  const unknown = Object.keys(given).find((name) => !(name in kinds));
  if (unknown !== undefined) refuse(component, `\`${path}${unknown}\` is not a property of it; known: ${Object.keys(kinds).join(", ")}`);
  const values = {};
  for (const name of Object.keys(kinds)) values[name] = one(component, kinds[name], given[name], path + name);
  return values;
}

function one(component, kind, value, path) {
  const say = (wanted) => refuse(component, value === undefined ? `it needs \`${path}\`: ${wanted}` : `\`${path}\` must be ${wanted}, got ${shown(value)}`);
  return kind(value, say, component, path);
}

function shown(value) {
  if (typeof value === "function") return "a function";
  let text;
  try {
    text = JSON.stringify(value);
  } catch {
    // What cannot be written is shown by its type.
  }
  text ??= typeof value;
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN).toWellFormed()}…` : text;
}

function isRecord(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A property that may be left out. */
export function optional(kind, fallback) {
  return (value, ...rest) => (value === undefined || value === null ? fallback : kind(value, ...rest));
}

export const any = (value) => value;

export function text(value, say) {
  return typeof value === "string" && value !== "" ? value : say("a text");
}

export function flag(value, say) {
  return typeof value === "boolean" ? value : say("true or false");
}

export function func(value, say) {
  return typeof value === "function" ? value : say("a function");
}

export function number(value, say) {
  return typeof value === "number" && Number.isFinite(value) ? value : say("a number");
}

/** A whole number from `least`. */
export function count(least) {
  return (value, say) => (Number.isSafeInteger(value) && value >= least ? value : say(`a whole number from ${least}`));
}

export function oneOf(...values) {
  return (value, say) => (values.includes(value) ? value : say(`one of ${values.join(", ")}`));
}

/** Something with `generate`. */
export function isAgent(value) {
  return typeof value?.generate === "function";
}

/** An agent, or a list of agents of which later ones stand in for earlier ones. */
export function agent(value, say) {
  const isChain = Array.isArray(value) && value.length > 0 && value.every(isAgent);
  return isAgent(value) || isChain ? value : say("an agent or a list of agents");
}

export function agentOrFunction(value, say) {
  return typeof value === "function" && !isAgent(value) ? value : agent(value, () => say("an agent, a list of agents or a function"));
}

/** Where rows go. Which table it stands for is found out by the tasks. */
export function output(value, say) {
  return typeof value === "string" || (typeof value === "object" && value !== null) ? value : say("an output of createSmithers");
}

/** What an agent is asked: a text or elements. */
export function prompt(value, say) {
  return value === undefined || value === null || value === "" || typeof value === "function" ? say("a prompt") : value;
}

/** A list of at least one thing of a kind. */
export function list(kind) {
  return (value, say, component, path) => {
    if (!Array.isArray(value) || value.length === 0) say("a list with at least one entry");
    return value.map((item, index) => one(component, kind, item, `${path}[${index}]`));
  };
}

/** An object of at least one name, each with a thing of a kind. */
export function named(kind) {
  return (value, say, component, path) => {
    if (!isRecord(value) || Object.keys(value).length === 0) say("an object with at least one entry");
    return Object.fromEntries(Object.keys(value).map((name) => [name, one(component, kind, value[name], `${path}.${name}`)]));
  };
}
