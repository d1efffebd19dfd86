// The words around a prompt: what kind of answer is wanted, and what was wrong with the last one.

import { z } from "zod";

/** How much of a prompt and of an answer a repair quotes, in characters. */
const MOST_OF_TASK = 8_000;
const MOST_OF_ANSWER = 16_000;

const PREAMBLE =
  "The result of this task is read by a program. Do the work first, with whatever tools you have; then end with one JSON object in the form that is described at the end.";

/** JSON Schemas by schema: the same few are asked for by every attempt. */
const known = new WeakMap();

/** What `schema` accepts as JSON Schema, indented by 2. */
function schemaText(schema) {
  let text = known.get(schema);
  if (text === undefined) {
    text = JSON.stringify(z.toJSONSchema(schema, { io: "output", unrepresentable: "any" }), null, 2);
    known.set(schema, text);
  }
  return text;
}

function demand(schema) {
  return `Answer with one bare JSON object, without a fence and without words around it. It must satisfy this JSON Schema:\n${schemaText(schema)}`;
}

/** A prompt for an agent that has to be told what its answer must look like. */
export function withInstructions(prompt, schema) {
  return `${PREAMBLE}\n\n${prompt}\n\n${demand(schema)}`;
}

/** Asks again after an answer in which no JSON was found. */
export function askAgain(prompt, answer, schema) {
  return [
    "Your last answer held no JSON object, so its result could not be read.",
    `The task was:\n${start(prompt, MOST_OF_TASK)}`,
    `Your answer was:\n${end(answer, MOST_OF_ANSWER)}`,
    "Do not do the work again: write its result down.",
    demand(schema),
  ].join("\n\n");
}

/** Asks to correct an answer whose value does not fit. */
export function askToCorrect(problem, schema) {
  return `The JSON object of your last answer does not fit: ${problem}\n\nCorrect it.\n\n${demand(schema)}`;
}

function start(text, most) {
  return text.length <= most ? text : `${text.slice(0, most).toWellFormed()}\n[cut]`;
}

function end(text, most) {
  return text.length <= most ? text : `[cut]\n${text.slice(-most).toWellFormed()}`;
}
