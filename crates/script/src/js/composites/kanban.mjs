// Kanban: tickets go through columns, all tickets of a column side by side.

import { Loop, Parallel, Sequence, Task } from "smithers:components";
import { ask, context, element, rowOfPass, shown } from "smithers:composites/parts";
import { agent, any, count, flag, func, list, named, optional, output, record, refuse, settings, text } from "smithers:composites/settings";

const OWN = ["id", "output", "agent", "children"];

function taskProps(value, say) {
  const isFine = typeof value === "object" && !OWN.some((name) => name in value);
  return isFine ? value : say(`an object of Task properties without ${OWN.join(", ")}`);
}

const read = settings("Kanban", "kanban", {
  columns: list(record({ name: text, agent: optional(agent), output, prompt: optional(func), task: optional(taskProps, {}) })),
  useTickets: func,
  agents: optional(named(agent), {}),
  maxConcurrency: optional(count(1)),
  continueOnFail: optional(flag, true),
  onComplete: optional(output),
  until: optional(flag, false),
  maxIterations: optional(count(1), 5),
  children: any,
});

export function Kanban(props) {
  if (props.skipIf) return null;
  const board = read(props);
  const { id, until, maxIterations, onComplete } = board;
  const tickets = ticketsOf(board);
  return element(
    Sequence,
    {},
    element(Loop, { id: `${id}-loop`, until, maxIterations, onMaxReached: "return-last" }, element(Pass, { board, tickets })),
    onComplete !== undefined && element(Task, { id: `${id}-complete`, output: onComplete }, completion(board, tickets)),
  );
}

function ticketsOf({ useTickets }) {
  const tickets = useTickets();
  if (!Array.isArray(tickets)) refuse("Kanban", "useTickets must return a list");
  const ids = new Set();
  for (const ticket of tickets) {
    const id = ticket?.id;
    if ((typeof id !== "string" && typeof id !== "number") || id === "") refuse("Kanban", "each ticket needs an `id`");
    if (ids.has(String(id))) refuse("Kanban", `two tickets have the id "${id}"`);
    ids.add(String(id));
  }
  return tickets;
}

function Pass({ board, tickets }) {
  const { id, columns, maxConcurrency } = board;
  const rows = columns.map((column, index) => {
    const cards = tickets.map((ticket) => cardOf(board, column, columns[index - 1], ticket));
    return element(Parallel, { id: `${id}-col-${column.name}`, maxConcurrency }, cards);
  });
  return element(Sequence, {}, rows);
}

function cardOf(board, column, before, item) {
  const { name, output, prompt, task } = column;
  const agent = board.agents[name] ?? column.agent;
  if (agent === undefined) refuse("Kanban", `the column "${name}" has no agent`);
  const id = `${board.id}-${name}-${item.id}`;
  const made = before === undefined ? undefined : rowOfPass(before.output, `${board.id}-${before.name}-${item.id}`);
  const question =
    prompt === undefined
      ? ask(`Take this ticket through the column "${name}".`, shown("The ticket", item), made !== undefined && shown(`What the column "${before.name}" made of it`, made))
      : () => prompt({ item, column: name });
  return element(Task, { continueOnFail: board.continueOnFail, ...task, id, output, agent }, question);
}

/** What is stored at the end: the row that stands between the tags, or how many tickets came through. */
function completion({ id, columns, children }, tickets) {
  if (children !== undefined) return children;
  const ctx = context();
  const { name, output } = columns[columns.length - 1];
  return () => {
    const items = tickets.map((ticket) => String(ticket.id)).filter((ticket) => ctx.latest(output, `${id}-${name}-${ticket}`) !== undefined);
    return { total: tickets.length, completed: items.length, items };
  };
}
