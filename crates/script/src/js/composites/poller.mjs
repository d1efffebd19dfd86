// Poller: check again and again until a condition is satisfied, with pauses in between.

import { Loop, Sequence, Task, Timer } from "smithers:components";
import { currentScope } from "smithers:loop";
import { ask, context, element } from "smithers:composites/parts";
import { agentOrFunction, any, count, isAgent, oneOf, optional, output, settings } from "smithers:composites/settings";

/** Longest pause: a day. */
const MOST_MS = 86_400_000;

/** The pause before pass number `pass`, as a multiple of the interval. */
const GROWTH = { fixed: () => 1, linear: (pass) => pass, exponential: (pass) => 2 ** (pass - 1) };

const read = settings("Poller", "poll", {
  check: agentOrFunction,
  checkOutput: output,
  maxAttempts: optional(count(1), 30),
  backoff: optional(oneOf(...Object.keys(GROWTH)), "fixed"),
  intervalMs: optional(count(0), 5000),
  onTimeout: optional(oneOf("fail", "return-last"), "fail"),
  children: any,
});

export function Poller(props) {
  if (props.skipIf) return null;
  const poller = read(props);
  const { id, checkOutput, maxAttempts, onTimeout } = poller;
  const until = context().latest(checkOutput, `${id}-check`)?.satisfied === true;
  return element(Loop, { id: `${id}-loop`, until, maxIterations: maxAttempts, onMaxReached: onTimeout }, element(Pass, poller));
}

function Pass({ id, check, checkOutput, backoff, intervalMs, children }) {
  const pass = currentScope().iteration;
  const delayMs = Math.min(intervalMs * GROWTH[backoff](pass), MOST_MS);
  const task = { id: `${id}-check`, output: checkOutput };
  return element(
    Sequence,
    {},
    pass > 0 && element(Timer, { id: `${id}-delay`, duration: `${delayMs}ms` }),
    checkTask(check, task, ask("Check whether this is satisfied.", children)),
  );
}

/** A task that checks by an agent or by a function. */
export function checkTask(check, task, question) {
  return isAgent(check) || Array.isArray(check) ? element(Task, { ...task, agent: check }, question) : element(Task, task, () => check());
}
