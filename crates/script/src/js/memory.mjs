// Memory of agents: its settings are accepted, and nothing acts on them (docs/adr/0021), except that what asks for a bank
// is not cached.

import { console } from "smithers:console";
import { inherited, remembering } from "smithers:inherited";

let isTold = false;

/** Whether a task asks for a bank: by its own `memory`, or by that of the groups around it. */
export function asksForMemory({ memory }) {
  return memory === undefined ? inherited().remembers : namesBank(memory);
}

/** Says once that banks have no effect here. */
export function noteMemory(settings, where) {
  if (isTold || !namesBank(settings)) return;
  isTold = true;
  console.warn(`${where} names a memory bank, which has no effect in this version: agents are told nothing of earlier runs. Put what they need into the prompt, for example from rows or the input.`);
}

/** Settings of memory for the tasks inside; it has no node of its own. */
export function Memory(props) {
  noteMemory(props, "<Memory>");
  return namesBank(props) ? remembering(props.children) : props.children;
}

function namesBank(settings) {
  if (typeof settings !== "object" || settings === null) return false;
  const { bank, banks } = settings;
  return Boolean(bank) || (Array.isArray(banks) && banks.length > 0);
}
