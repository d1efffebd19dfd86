// Reads the structured part of an agent's answer.

import { firstObject, lastFencedObject, lastObject, wholeJson } from "smithers:agent-json";

/** The structured part of a first answer, in the order of the contract (workflow-model 8.3); undefined when there is none. */
export function readAnswer(result) {
  const given = givenOutput(result);
  if (given !== undefined) return given;
  const text = answerText(result);
  const steps = stepTexts(result);
  return wholeJson(text) ?? lastFencedObject(text) ?? firstOf(steps, lastFencedObject) ?? firstOf(steps, firstObject) ?? lastObject(text);
}

/** The structured part of an answer to a request for repair. */
export function readRepair(result) {
  const given = givenOutput(result);
  if (given !== undefined) return given;
  const text = answerText(result);
  return wholeJson(text) ?? lastFencedObject(text) ?? firstObject(text);
}

/** The text of an answer. */
export function answerText(result) {
  if (typeof result === "string") return result;
  return typeof result?.text === "string" ? result.text : "";
}

/** What the agent itself calls its output; a text is JSON. */
function givenOutput(result) {
  const given = result?._output ?? result?.output;
  if (given === undefined || given === null) return undefined;
  return typeof given === "string" ? wholeJson(given) : given;
}

/** Texts of the steps, the last first. */
function stepTexts(result) {
  const steps = Array.isArray(result?.steps) ? result.steps : [];
  return steps.map((step) => step?.text).filter((text) => typeof text === "string").reverse();
}

function firstOf(texts, read) {
  for (const text of texts) {
    const value = read(text);
    if (value !== undefined) return value;
  }
  return undefined;
}
