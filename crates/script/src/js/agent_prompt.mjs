// The texts that an agent is asked with: the task itself, and what is said when the answer does not fit.

import { z } from "zod";
import { fieldsOf } from "smithers:schema";

/** Most characters of a task and of an answer that a request for repair repeats. */
const MOST_REPEATED = 8_000;

const schemaTexts = new WeakMap();

/** The JSON schema of what is to be answered, as text. */
function schemaText(schema) {
  let text = schemaTexts.get(schema);
  if (text === undefined) {
    text = JSON.stringify(jsonSchema(schema), null, 2);
    schemaTexts.set(schema, text);
  }
  return text;
}

/** A schema with transforms or dates has no JSON schema; its fields and their types say as much. */
function jsonSchema(schema) {
  try {
    return z.toJSONSchema(schema, { io: "output" });
  } catch {
    return Object.fromEntries(fieldsOf(schema).map(({ name, shownType }) => [name, shownType]));
  }
}

/** The task, with what an agent must know that has no way of its own to answer in a given form. */
export function structuredPrompt(task, schema) {
  return [
    "Your final answer is read by a program. Do the task below, then answer with one JSON object.",
    task,
    answerForm(schema),
  ].join("\n\n");
}

function answerForm(schema) {
  return [
    "Answer with a single JSON object that fits this JSON Schema:",
    schemaText(schema),
    "Write the object only: no explanation, no Markdown, nothing before or after it.",
  ].join("\n\n");
}

/** Asks again when there was no JSON in the answer. */
export function missingJsonPrompt(task, answer, schema) {
  return [
    "Your answer to the task below held no JSON object, so nothing of it could be used.",
    `The task:\n\n${shortened(task)}`,
    `Your answer:\n\n${shortened(answer) || "(it was empty)"}`,
    answerForm(schema),
  ].join("\n\n");
}

/** Says what is wrong with the JSON of an answer. */
export function invalidJsonMessage(problem, schema) {
  return [`Your JSON object does not fit: ${problem}`, "Correct it and keep what is right.", answerForm(schema)].join("\n\n");
}

function shortened(text) {
  return text.length <= MOST_REPEATED ? text : `${text.slice(0, MOST_REPEATED)}\n[shortened: ${text.length - MOST_REPEATED} more characters]`;
}
