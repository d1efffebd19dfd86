// Panel: several agents look at the same question, and a moderator makes one answer of theirs.

import { Parallel, Sequence, Task } from "smithers:components";
import { ask, context, distinct, element, shown } from "smithers:composites/parts";
import { agent, any, count, isAgent, list, oneOf, optional, output, prompt, record, refuse, settings, text } from "smithers:composites/settings";

const WAYS = {
  synthesize: "Make one answer of what they say: keep what they agree on, and decide where they differ.",
  vote: "Count what each of them votes for; the answer is what most of them want.",
  consensus: "Find what all of them can agree to, and say so when there is no such thing.",
};

const member = record({ agent, role: optional(text), label: optional(text) });

/** A panelist: an agent, a list of agents, or an object that names its agent. */
function panelist(value, ...rest) {
  return isAgent(value) || Array.isArray(value) ? { agent: agent(value, ...rest) } : member(value, ...rest);
}

const read = settings("Panel", "panel", {
  panelists: list(panelist),
  moderator: agent,
  panelistOutput: output,
  moderatorOutput: output,
  strategy: optional(oneOf(...Object.keys(WAYS)), "synthesize"),
  minAgree: optional(count(1)),
  maxConcurrency: optional(count(1)),
  panelistTaskProps: optional(taskProps, {}),
  moderatorTaskProps: optional(taskProps, {}),
  children: prompt,
});

const OWN = ["id", "output", "agent", "children"];

/** Properties for generated tasks, without those that the panel gives them itself. */
function taskProps(value, say) {
  if (typeof value !== "object" || OWN.some((name) => name in value)) say(`an object of Task properties without ${OWN.join(", ")}`);
  return any(value);
}

export function Panel(props) {
  if (props.skipIf) return null;
  const panel = read(props);
  const { id, panelists, minAgree } = panel;
  if (minAgree > panelists.length) refuse("Panel", `minAgree is ${minAgree}, and there are ${panelists.length} panelists`);
  const ids = distinct(panelists.map(({ label, role }, index) => `${id}-${label ?? role ?? `panelist-${index}`}`));
  const seats = panelists.map((seat, index) => seatOf(panel, seat, ids[index]));
  return element(Sequence, {}, element(Parallel, { maxConcurrency: panel.maxConcurrency }, seats), moderatorOf(panel, ids));
}

function seatOf({ panelistTaskProps, panelistOutput, children }, { agent, role, label }, id) {
  const question = ask(role === undefined ? null : `You look at this as: ${role}.`, children);
  return element(Task, { label: label ?? role, ...panelistTaskProps, id, output: panelistOutput, agent }, question);
}

function moderatorOf(panel, ids) {
  const { id, moderator, moderatorOutput, panelistOutput, panelists, moderatorTaskProps } = panel;
  const ctx = context();
  const question = () => {
    const said = ids.map((seat, index) => saidBy(panelists[index], seat, ctx.latest(panelistOutput, seat)));
    return ask(panel.children, `${panelists.length} panelists have answered this.`, ...said, `Strategy: ${panel.strategy}. ${WAYS[panel.strategy]}`, agreement(panel));
  };
  const dependsOn = [...ids, ...(moderatorTaskProps.dependsOn ?? [])];
  return element(Task, { ...moderatorTaskProps, id: `${id}-moderator`, output: moderatorOutput, agent: moderator, dependsOn }, question);
}

function saidBy({ role, label }, id, row) {
  const who = [label ?? id, role === undefined || role === label ? "" : ` (${role})`].join("");
  return row === undefined ? `${who} gave no answer: the task failed.` : shown(who, row);
}

function agreement({ minAgree, panelists }) {
  return minAgree === undefined ? null : `At least ${minAgree} of the ${panelists.length} must agree; say so when fewer do.`;
}
