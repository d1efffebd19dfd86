// EscalationChain: each level takes over when the one before it could not do it; at last a person.

import { Approval, Branch, Sequence, Task } from "smithers:components";
import { ask, context, element, shown } from "smithers:composites/parts";
import { agent, any, flag, func, list, optional, output, record, settings, text } from "smithers:composites/settings";

const read = settings("EscalationChain", "escalation", {
  levels: list(record({ agent, output, label: optional(text), escalateIf: optional(func) })),
  humanFallback: optional(flag, false),
  humanRequest: optional(any),
  /** Where the answer of the person goes; beside the notes about escalations when it is not given. */
  humanOutput: optional(output),
  escalationOutput: output,
  children: any,
});

export function EscalationChain(props) {
  if (props.skipIf) return null;
  const chain = read(props);
  const { levels, humanFallback } = chain;
  const parts = [levelOf(chain, 0)];
  // What comes after a level that did not escalate stays away.
  let isOpen = true;
  for (let from = 0; from < levels.length; from += 1) {
    const isLast = from + 1 === levels.length;
    if (isLast && !humanFallback) break;
    if (isOpen) parts.push(checkOf(chain, from));
    isOpen &&= hasEscalated(chain, from);
    parts.push(element(Branch, { if: isOpen, then: isLast ? personOf(chain) : levelOf(chain, from + 1) }));
  }
  return element(Sequence, {}, parts);
}

function levelOf({ id, levels, children }, index) {
  const { agent, output, label } = levels[index];
  const before = index === 0 ? undefined : context().latest(levels[index - 1].output, `${id}-level-${index - 1}`);
  const question = ask(children, index > 0 && (before === undefined ? "The level before you failed." : shown("The level before you could not do it; its result", before)));
  return element(Task, { id: `${id}-level-${index}`, output, agent, label, continueOnFail: true }, question);
}

/** Notes whether a level has to be followed by the next. */
function checkOf({ id, levels, escalationOutput }, from) {
  const ctx = context();
  const { output, escalateIf = mustEscalate } = levels[from];
  const check = () => {
    const escalated = Boolean(escalateIf(ctx.latest(output, `${id}-level-${from}`)));
    return { escalated, fromLevel: from, toLevel: escalated ? from + 1 : from };
  };
  return element(Task, { id: `${id}-check-${from}`, output: escalationOutput, dependsOn: [`${id}-level-${from}`] }, check);
}

function mustEscalate(row) {
  return row === undefined || Boolean(row.error) || row.failed === true || row.ok === false;
}

function hasEscalated({ id, escalationOutput }, from) {
  return context().latest(escalationOutput, `${id}-check-${from}`)?.escalated === true;
}

function personOf({ id, humanRequest, humanOutput, escalationOutput }) {
  const request = humanRequest ?? { title: "Nobody could do it. Shall it be taken as done?" };
  return element(Approval, { id: `${id}-human-fallback`, output: humanOutput ?? escalationOutput, request, onDeny: "continue" });
}
