// SuperSmithers: an agent reads code, proposes changes, makes them, and reports.

import { Sequence, Task } from "smithers:components";
import { ask, context, element, shown } from "smithers:composites/parts";
import { agent, flag, list, optional, output, prompt, settings, text } from "smithers:composites/settings";

const read = settings("SuperSmithers", "super-smithers", {
  strategy: prompt,
  agent,
  targetFiles: optional(list(text)),
  reportOutput: optional(output),
  dryRun: optional(flag, false),
});

/** What each step is told; its row goes to the output `super-smithers-<step>`. */
const TOLD = {
  read: "Read the code that this strategy is about, and tell what you find. Change nothing.",
  propose: "Propose the changes that the strategy asks for. Change nothing yet.",
  apply: "Make the changes that were proposed.",
  report: "Report what was found and what was changed.",
};

export function SuperSmithers(props) {
  if (props.skipIf) return null;
  const work = read(props);
  const steps = Object.keys(TOLD).filter((step) => step !== "apply" || !work.dryRun);
  return element(Sequence, {}, steps.map((step, index) => stepOf(work, step, steps.slice(0, index))));
}

function table(step, { reportOutput }) {
  return step === "report" && reportOutput !== undefined ? reportOutput : `super-smithers-${step}`;
}

function stepOf(work, step, before) {
  const { id, agent, strategy, targetFiles, dryRun } = work;
  const ctx = context();
  const files = targetFiles === undefined ? null : `Only these files may be changed: ${targetFiles.join(", ")}.`;
  const question = () => {
    const made = before.map((name) => shown(`Result of the step "${name}"`, ctx.latest(table(name, work), `${id}-${name}`)));
    return ask(TOLD[step], strategy, files, dryRun && "This is a rehearsal: nothing is changed.", ...made);
  };
  return element(Task, { id: `${id}-${step}`, output: table(step, work), agent }, question);
}
