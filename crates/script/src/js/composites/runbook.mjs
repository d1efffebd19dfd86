// Runbook: steps one after another; risky ones are done only with permission.

import { Approval, Sequence, Task } from "smithers:components";
import { ask, context, element } from "smithers:composites/parts";
import { agent, any, list, oneOf, optional, output, record, refuse, settings, text } from "smithers:composites/settings";

const step = record({
  id: text,
  agent: optional(agent),
  command: optional(text),
  risk: oneOf("safe", "risky", "critical"),
  label: optional(text),
  output: optional(output),
});

const read = settings("Runbook", "runbook", {
  steps: list(step),
  defaultAgent: optional(agent),
  stepOutput: output,
  approvalRequest: optional(any, {}),
  onDeny: optional(oneOf("fail", "skip"), "fail"),
});

export function Runbook(props) {
  if (props.skipIf) return null;
  const book = read(props);
  return element(Sequence, {}, book.steps.flatMap((step) => (step.risk === "safe" ? [stepOf(book, step, false)] : guarded(book, step))));
}

/** A step behind a permission. Without it the step is left out, where the run goes on at all. */
function guarded(book, step) {
  const { id, approvalRequest, onDeny } = book;
  const gate = `${id}-${step.id}-approval`;
  const table = `${gate}-decision`;
  const request = {
    title: `Run ${step.label ?? step.id}?`,
    summary: [`This step is ${step.risk}.`, step.command].filter(Boolean).join(" "),
    ...approvalRequest,
  };
  const isDenied = context().latest(table, gate)?.approved === false;
  const approval = element(Approval, { id: gate, output: table, request, onDeny: onDeny === "skip" ? "continue" : "fail" });
  return [approval, stepOf(book, step, isDenied)];
}

function stepOf({ id, defaultAgent, stepOutput }, step, skipIf) {
  const agent = step.agent ?? defaultAgent;
  if (agent === undefined) refuse("Runbook", `step "${step.id}" has no \`agent\`, and there is no \`defaultAgent\``);
  const question = ask(`Carry out the step "${step.label ?? step.id}" of a runbook.`, step.command);
  return element(Task, { id: `${id}-${step.id}`, output: step.output ?? stepOutput, agent, label: step.label, skipIf }, question);
}
