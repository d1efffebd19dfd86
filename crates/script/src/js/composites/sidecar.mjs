// Sidecar: a second agent does the same work beside the first, so that both can be compared.

import { Parallel, Task } from "smithers:components";
import { ask, element } from "smithers:composites/parts";
import { agent, any, count, optional, output, refuse, settings, text } from "smithers:composites/settings";

const read = settings("Sidecar", "sidecar", {
  agent,
  sidecar: agent,
  output,
  sidecarOutput: optional(output),
  scorers: any,
  prompt: any,
  input: any,
  maxConcurrency: optional(count(1)),
  groundTruth: any,
  context: any,
  primaryLabel: optional(text, "primary"),
  sidecarLabel: optional(text, "sidecar"),
  children: any,
});

export function Sidecar(props) {
  if (props.skipIf) return null;
  const { id, agent, sidecar, output, sidecarOutput, maxConcurrency, primaryLabel, sidecarLabel, prompt, input, children, ...scored } = read(props);
  if (prompt === undefined && input === undefined && children === undefined) refuse("Sidecar", "it needs a prompt: `prompt`, `input` or children");
  const question = ask(prompt, input, children);
  const first = element(Task, { ...measured(scored), id, output, agent, label: primaryLabel }, question);
  const beside = { ...measured(scored), id: `${id}-sidecar`, output: sidecarOutput ?? output, agent: sidecar, label: sidecarLabel, continueOnFail: true };
  return element(Parallel, { id: `${id}-parallel`, maxConcurrency }, first, element(Task, beside, question));
}

/** What both are scored by, as far as it was given. */
function measured({ scorers, groundTruth, context }) {
  return Object.fromEntries(Object.entries({ scorers, groundTruth, context }).filter(([, value]) => value !== undefined));
}
