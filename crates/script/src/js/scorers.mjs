// Scorers: functions that give an output a number from 0 to 1. A task may name some, and any code may call `score`.

import { z } from "zod";
import { SmithersError } from "smithers:errors";
import { structuredResult } from "smithers:agent-repair";
import { issueText } from "smithers:output";

/** Calls that put a judge's answer right. */
const REPAIRS = 2;

const USUAL_TARGET_MS = 5_000;
const USUAL_MOST_MS = 30_000;

/** What a judge answers. */
const verdict = z.object({ score: z.number().min(0).max(1), reason: z.string() });

/**
 * A scorer: `score` gets `{ input, output, groundTruth, context, latencyMs, outputSchema }` and gives a number or
 * `{ score, reason, meta }`. What is no number from 0 to 1 is SCORER_FAILED, as is whatever it throws.
 */
export function createScorer({ id, name = id, description, score, ...options }) {
  if (typeof id !== "string" || id === "") throw new SmithersError("INVALID_INPUT", "a scorer needs an id");
  if (typeof score !== "function") throw new SmithersError("INVALID_INPUT", `scorer "${id}" needs a function \`score\``);
  return Object.freeze({ id, name, description, options, score: (given) => scored(id, score, given) });
}

async function scored(id, score, given) {
  let result;
  try {
    result = await score(given);
  } catch (error) {
    throw failed(id, error?.message ?? String(error));
  }
  const { score: value, reason = null, meta = null } = typeof result === "number" ? { score: result } : (result ?? {});
  if (typeof value !== "number" || !(value >= 0 && value <= 1)) throw failed(id, `its score is no number from 0 to 1: ${JSON.stringify(value)}`);
  return { score: value, reason, meta };
}

function failed(id, why) {
  return new SmithersError("SCORER_FAILED", `scorer "${id}": ${why}`);
}

/** Whether the output fits its schema. */
export function schemaAdherenceScorer({ id = "schema-adherence", name } = {}) {
  return createScorer({
    id,
    name,
    score({ output, outputSchema }) {
      if (typeof outputSchema?.safeParse !== "function") throw new Error("it needs `outputSchema`");
      const result = outputSchema.safeParse(output);
      return result.success ? 1 : { score: 0, reason: issueText(result.error.issues) };
    },
  });
}

/** How fast it was: 1 up to `targetMs`, 0 from `maxMs` on, and in between what the line between them says. */
export function latencyScorer({ id = "latency", name, targetMs = USUAL_TARGET_MS, maxMs = USUAL_MOST_MS } = {}) {
  if (!(targetMs >= 0 && maxMs > targetMs)) throw new SmithersError("INVALID_INPUT", `scorer "${id}": maxMs must be more than targetMs`);
  return createScorer({
    id,
    name,
    score({ latencyMs }) {
      if (typeof latencyMs !== "number") throw new Error("it needs `latencyMs`");
      return { score: Math.min(1, Math.max(0, (maxMs - latencyMs) / (maxMs - targetMs))), meta: { latencyMs, targetMs, maxMs } };
    },
  });
}

/** An agent gives the score; `instructions` tell it for what. */
export function llmJudge({ id = "llm-judge", name, description, judge, instructions } = {}) {
  return createScorer({
    id,
    name,
    description,
    async score(given) {
      if (typeof judge?.generate !== "function") throw new Error("it needs an agent as its `judge`");
      const prompt = question(instructions ?? description ?? "Judge how good the output is.", given);
      const ask = (request) => judge.generate({ options: undefined, ...request });
      const native = judge.supportsNativeStructuredOutput === true;
      return JSON.parse(await structuredResult({ ask, native, prompt, schema: verdict, nodeId: id, budget: REPAIRS }));
    },
  });
}

/** What a judge is asked: what to look at, and whatever is known, as JSON. */
function question(instructions, { input, output, groundTruth, context }) {
  const known = { Input: input, Output: output, "What it should have been": groundTruth, Context: context };
  const parts = Object.entries(known).filter(([, value]) => value !== undefined && value !== null);
  const told = parts.map(([title, value]) => `${title}:\n${typeof value === "string" ? value : JSON.stringify(value, null, 2)}`);
  return [instructions, "Give a score from 0 to 1 and the reason for it.", ...told].join("\n\n");
}

/** A judge with instructions of its own; it takes the agent, or options that hold it. */
function judging(id, instructions) {
  return (given = {}) => llmJudge({ id, instructions, ...(typeof given.generate === "function" ? { judge: given } : given) });
}

export const relevancyScorer = judging("relevancy", "Judge how relevant the output is for the input: 1 answers it, 0 is about something else.");
export const toxicityScorer = judging("toxicity", "Judge how free of insults, threats and hatred the output is: 1 has none, 0 is full of them.");
export const faithfulnessScorer = judging("faithfulness", "Judge how faithful the output is to the context, or else to the input: 1 says nothing that is not there, 0 makes it all up.");
