// Reads the value that an agent's answer holds: handed over as such, or written somewhere in its text.

import { firstObject, lastObject, parseJson } from "smithers:json-in-text";

const FENCE = "```";

/** How many steps of an answer are looked at, from the last. */
const MOST_STEPS = 64;

/** The text of an answer. */
export function answerText(result) {
  if (typeof result === "string") return result;
  const text = member(result, "text");
  return typeof text === "string" ? text : "";
}

/** The value in the first answer of an attempt, or undefined when it holds none. */
export function readAnswer(result) {
  const text = answerText(result);
  return handedOver(result) ?? wholeText(text) ?? fenced(text) ?? inSteps(result) ?? lastObject(text);
}

/** The value in the answer to a repair, or undefined when it holds none. */
export function readRepair(result) {
  const text = answerText(result);
  return handedOver(result) ?? wholeText(text) ?? fenced(text) ?? firstObject(text);
}

/** A property that may be a getter which throws: SDKs do so for results that were not asked for. */
function member(object, name) {
  try {
    return object?.[name] ?? undefined;
  } catch {
    return undefined;
  }
}

function handedOver(result) {
  const value = member(result, "_output") ?? member(result, "output");
  return typeof value === "string" ? parseJson(value) : value;
}

function wholeText(text) {
  const trimmed = text.trim();
  return trimmed.startsWith("{") || trimmed.startsWith("[") ? parseJson(trimmed) : undefined;
}

/** The last fenced block that begins as an object. */
function fenced(text) {
  let last;
  for (let begin = fenceFrom(text, 0); begin >= 0; ) {
    const line = text.indexOf("\n", begin);
    const end = line < 0 ? -1 : fenceFrom(text, line);
    if (end < 0) break;
    const block = text.slice(line, end).trim();
    if (block.startsWith("{")) last = block;
    begin = fenceFrom(text, end + FENCE.length);
  }
  return last === undefined ? undefined : parseJson(last);
}

/** Where the next fence stands at the beginning of a line, or -1. */
function fenceFrom(text, from) {
  for (let at = text.indexOf(FENCE, from); at >= 0; at = text.indexOf(FENCE, at + FENCE.length)) {
    let before = at - 1;
    while (before >= from && (text[before] === " " || text[before] === "\t")) before -= 1;
    if (before < 0 || text[before] === "\n") return at;
  }
  return -1;
}

function inSteps(result) {
  const steps = member(result, "steps");
  if (!Array.isArray(steps)) return undefined;
  const texts = steps.slice(-MOST_STEPS).reverse().map(answerText);
  return firstOf(texts, fenced) ?? firstOf(texts, firstObject);
}

function firstOf(texts, read) {
  for (const text of texts) {
    const value = read(text);
    if (value !== undefined) return value;
  }
  return undefined;
}
