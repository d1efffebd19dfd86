// Memory of agents: its settings are accepted, and nothing acts on them (docs/adr/0021).

import { console } from "smithers:console";

let isTold = false;

/** Looks at what `memory` of a task or the properties of a `Memory` ask for; says once that banks have no effect here. */
export function noteMemory(settings, where) {
  if (isTold || settings === null || typeof settings !== "object") return;
  const { bank, banks } = settings;
  if (!bank && !(Array.isArray(banks) && banks.length > 0)) return;
  isTold = true;
  console.warn(`${where} names a memory bank, which has no effect in this version: agents are told nothing of earlier runs. Put what they need into the prompt, for example from rows or the input.`);
}

/** Settings of memory for the tasks inside; it has no node of its own. */
export function Memory(props) {
  noteMemory(props, "<Memory>");
  return props.children;
}
