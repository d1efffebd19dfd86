// DriftDetector: capture how things are, compare it with how they should be, and tell when they differ.

import { Branch, Loop, Sequence, Task, Timer } from "smithers:components";
import { isValidElement } from "smithers:element";
import { currentScope } from "smithers:loop";
import { ask, context, element, rowOfPass, shown } from "smithers:composites/parts";
import { agent, count, func, isAgent, optional, output, record, settings } from "smithers:composites/settings";

const read = settings("DriftDetector", "drift", {
  captureAgent: agent,
  compareAgent: agent,
  captureOutput: output,
  compareOutput: output,
  baseline: (value, say) => (value === undefined ? say("data, a function or an agent") : value),
  alertIf: optional(func, (row) => row.drifted === true),
  alert: optional((value, say) => (isValidElement(value) ? value : say("an element"))),
  poll: optional(record({ intervalMs: count(0), maxPolls: optional(count(1), 100) })),
});

export function DriftDetector(props) {
  if (props.skipIf) return null;
  const detector = read(props);
  const { id, poll } = detector;
  const passes = poll === undefined ? element(Pass, { detector }) : polled(detector, poll);
  return isFetched(detector.baseline) ? element(Sequence, {}, element(Baseline, { detector, id: `${id}-baseline` }), passes) : passes;
}

function polled(detector, poll) {
  const loop = { id: `${detector.id}-poll`, until: false, maxIterations: poll.maxPolls, onMaxReached: "return-last" };
  return element(Loop, loop, element(Pass, { detector }));
}

function isFetched(baseline) {
  return typeof baseline === "function" || isAgent(baseline);
}

/** Fetches the baseline once, as a row like those it is compared with. */
function Baseline({ detector: { baseline, captureOutput }, id }) {
  const task = { id, output: captureOutput };
  return isAgent(baseline) ? element(Task, { ...task, agent: baseline }, "Tell how things should be.") : element(Task, task, () => baseline());
}

function Pass({ detector }) {
  const { id, captureAgent, compareAgent, captureOutput, compareOutput, alert, alertIf, poll } = detector;
  const found = rowOfPass(compareOutput, `${id}-compare`);
  const isAlarming = alert !== undefined && found !== undefined && Boolean(alertIf(found));
  const baseline = isFetched(detector.baseline) ? context().latest(captureOutput, `${id}-baseline`) : detector.baseline;
  const compare = ({ captured }) => ask("Compare how things are with how they should be.", shown("How they should be", baseline), shown("How they are", captured));
  return element(
    Sequence,
    {},
    poll !== undefined && currentScope().iteration > 0 && element(Timer, { id: `${id}-delay`, duration: `${poll.intervalMs}ms` }),
    element(Task, { id: `${id}-capture`, output: captureOutput, agent: captureAgent }, "Capture how things are."),
    element(Task, { id: `${id}-compare`, output: compareOutput, agent: compareAgent, deps: { captured: captureOutput }, needs: { captured: `${id}-capture` } }, compare),
    element(Branch, { if: isAlarming, then: alert ?? null }),
  );
}
