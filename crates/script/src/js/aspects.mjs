// Aspects: limits of the run that are looked at before a task inside starts.

import { SmithersError } from "smithers:errors";
import { limited } from "smithers:inherited";

const AFTER_TOKENS = ["fail", "warn", "skip-remaining"];
const AFTER_TIME = ["fail", "warn"];

/** No node: the tasks inside carry the limits. `tracking` and limits of single tasks are accepted and change nothing. */
export function Aspects(props) {
  const { tokenBudget, latencySlo, children } = props;
  const said = {};
  if (isSaid(tokenBudget)) said.tokenBudget = limit("tokenBudget", tokenBudget, "max", AFTER_TOKENS);
  if (isSaid(latencySlo)) said.latencySlo = limit("latencySlo", latencySlo, "maxMs", AFTER_TIME);
  return Object.keys(said).length === 0 ? (children ?? null) : limited(said, children);
}

function isSaid(value) {
  return value !== undefined && value !== null;
}

function limit(name, said, field, outcomes) {
  const max = Number(said[field]);
  if (!Number.isFinite(max) || max < 0 || max > Number.MAX_SAFE_INTEGER) throw invalid(`${name}.${field} must be a number that is not negative`);
  const onExceeded = said.onExceeded ?? "fail";
  if (!outcomes.includes(onExceeded)) throw invalid(`${name}.onExceeded must be one of ${outcomes.join(", ")}, got ${JSON.stringify(onExceeded)}`);
  return { max: Math.ceil(max), onExceeded };
}

function invalid(message) {
  return new SmithersError("INVALID_INPUT", message);
}
