// Scorers of a task: what its author says of them, and their asking once a result is stored.

import { describeError, SmithersError } from "smithers:errors";
import { native } from "smithers:native";
import { jsonText } from "smithers:output";

/** How long a scorer may take. */
const LIMIT_MS = 300_000;
/** Most scorers of a task. */
const MOST = 32;
const ALL = 1_000_000;

/** The scorers of a task, by their names, with what else they are given. */
class Scoring {
  constructor(scorers, groundTruth, context) {
    this.scorers = scorers;
    this.groundTruth = groundTruth;
    this.context = context;
    /** What the host knows of them. */
    this.told = [...scorers].map(([key, { scorer, perMillion }]) => ({ key, id: scorer.id, name: scorer.name, perMillion }));
  }
}

/** What `scorers` of a task asks for; null when it asks for nothing. */
export function scoringOf({ scorers, groundTruth, context }, nodeId) {
  if (scorers === undefined || scorers === null) return null;
  const refuse = (what) => {
    throw new SmithersError("INVALID_INPUT", `the scorers of "${nodeId}" ${what}`);
  };
  if (typeof scorers !== "object" || Array.isArray(scorers)) refuse("must be an object of { scorer, sampling } by name");
  const entries = Object.entries(scorers).filter(([, entry]) => entry !== undefined && entry !== null);
  if (entries.length > MOST) refuse(`are ${entries.length}, more than ${MOST}`);
  if (entries.length === 0) return null;
  const read = entries.map(([key, entry]) => [key, entryOf(entry, (what) => refuse(`: ${JSON.stringify(key)} ${what}`))]);
  return new Scoring(new Map(read), groundTruth, context);
}

function entryOf({ scorer, sampling }, refuse) {
  if (typeof scorer?.score !== "function") refuse("needs a `scorer` with a function `score`");
  const { id, name = id } = scorer;
  if (typeof id !== "string" || id === "" || typeof name !== "string") refuse("needs a scorer with an `id`, and a `name` that is text");
  return { scorer: { id, name, score: (given) => scorer.score(given) }, perMillion: perMillion(sampling, refuse) };
}

/** Of a million results, how many a scorer looks at. */
function perMillion(sampling, refuse) {
  if (sampling === undefined || sampling === null) return ALL;
  const { type, rate } = sampling;
  if (type === "all") return ALL;
  if (type === "none") return 0;
  if (type !== "ratio") refuse(`has a sampling of type ${JSON.stringify(type)}; it is "all", "ratio" or "none"`);
  if (typeof rate !== "number" || !(rate >= 0 && rate <= 1)) refuse("has a sampling whose `rate` is no number from 0 to 1");
  return Math.round(rate * ALL);
}

/** The result of an attempt that scorers will look at, and what they are given beside it. */
export class Scored {
  constructor(body, prompt, text, count) {
    this.body = body;
    this.input = prompt ?? body.value ?? null;
    this.text = text;
    /** How many will still ask. */
    this.left = count;
  }

  /** What the scorer of this name says, as text. */
  async judge(key, latencyMs) {
    const { scoring, schema } = this.body;
    const { scorer } = scoring.scorers.get(key);
    const { input } = this;
    const { groundTruth, context } = scoring;
    const output = JSON.parse(this.text);
    const said = await scorer.score({ input, output, groundTruth, context, latencyMs, outputSchema: schema });
    const { score, reason, meta } = typeof said === "number" ? { score: said } : (said ?? {});
    if (typeof score !== "number" || !(score >= 0 && score <= 1)) {
      throw new SmithersError("SCORER_FAILED", `scorer "${scorer.id}": its score is no number from 0 to 1: ${JSON.stringify(score)}`);
    }
    const why = reason === undefined || reason === null ? undefined : String(reason);
    return jsonText({ score, reason: why, meta, input, output, groundTruth, context });
  }
}

/** Asks a scorer for what it says of a result; the answer is reported as that of call `callId`. */
export function beginJudging(callId, scored, key, latencyMs) {
  native.deadline(callId, LIMIT_MS);
  scored.judge(key, latencyMs).then(
    (text) => native.settle(callId, true, text, false),
    (error) => native.settle(callId, false, JSON.stringify(describeError(error)), false),
  );
}
