// Monitor: check at every beat, and act on the condition that was found.

import { HumanTask, Loop, Sequence, Task, Timer } from "smithers:components";
import { isValidElement } from "smithers:element";
import { currentScope } from "smithers:loop";
import { DecisionTable } from "smithers:composites/decision-table";
import { ask, element, rowOfPass, shown } from "smithers:composites/parts";
import { checkTask } from "smithers:composites/poller";
import { agentOrFunction, any, count, flag, isAgent, named, optional, output, prompt, record, refuse, settings, text } from "smithers:composites/settings";

const task = record({ agent: agentOrFunction, output, prompt: optional(prompt), label: optional(text) });
const question = record({ output, prompt: optional(text) });

/** What is done about a condition: an element, or a task. */
function handler(value, ...rest) {
  return isValidElement(value) ? { element: value } : task(value, ...rest);
}

const read = settings("Monitor", "monitor", {
  check: agentOrFunction,
  checkOutput: output,
  handlers: optional(named(handler), {}),
  escalations: optional(named(question), {}),
  until: optional(flag, false),
  intervalMs: optional(count(0), 60_000),
  maxBeats: optional(count(1), 120),
  children: any,
});

export function Monitor(props) {
  if (props.skipIf) return null;
  const monitor = read(props);
  const { id, handlers, escalations, until, maxBeats } = monitor;
  const both = Object.keys(handlers).find((name) => name in escalations);
  if (both !== undefined) refuse("Monitor", `the condition "${both}" is among the handlers and the escalations`);
  return element(Loop, { id: `${id}-loop`, until, maxIterations: maxBeats, onMaxReached: "return-last" }, element(Beat, { monitor }));
}

function Beat({ monitor }) {
  const { id, check, checkOutput, intervalMs, children } = monitor;
  const found = rowOfPass(checkOutput, `${id}-check`);
  return element(
    Sequence,
    {},
    currentScope().iteration > 0 && element(Timer, { id: `${id}-beat`, duration: `${intervalMs}ms` }),
    checkTask(check, { id: `${id}-check`, output: checkOutput }, ask("Check how things are, and name the condition.", children)),
    element(Reactions, { monitor, found }),
  );
}

function Reactions({ monitor, found }) {
  const rules = [
    ...Object.entries(monitor.handlers).map(([condition, way]) => ({ condition, then: handling(monitor, condition, way, found) })),
    ...Object.entries(monitor.escalations).map(([condition, way]) => ({ condition, then: escalation(monitor, condition, way, found) })),
  ].map(({ condition, then }) => ({ when: found?.condition === condition, then, label: condition }));
  return rules.length === 0 ? null : element(DecisionTable, { rules });
}

function handling({ id }, condition, { element: given, agent, output, prompt, label }, found) {
  if (given !== undefined) return given;
  const task = { id: `${id}-${condition}`, output, label: label ?? condition };
  if (typeof agent === "function" && !isAgent(agent)) return element(Task, task, () => agent(found));
  return element(Task, { ...task, agent }, ask(prompt ?? `Act on the condition "${condition}".`, shown("What was found", found)));
}

function escalation({ id }, condition, { output, prompt }, found) {
  const asked = `${prompt ?? `The condition "${condition}" needs a person.`}\n\n${shown("What was found", found)}`;
  return element(HumanTask, { id: `${id}-escalate-${condition}`, output, prompt: asked });
}
