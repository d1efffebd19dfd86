// Commands: a text that a shell runs, in a process group of its own, for as long as a task may take.

import { native } from "smithers:native";
import { SmithersError } from "smithers:errors";
import { clearTimer, startTimer } from "smithers:globals";
import { getTaskRuntime } from "smithers:task-runtime";

/** How long to wait before looking whether a command has ended, in milliseconds: at first, and at most. */
const FIRST_LOOK_MS = 4;
const LAST_LOOK_MS = 64;
/** How long a command has to end by itself once it is asked to. */
const GRACE_MS = 2000;

/**
 * Runs `command` with `sh -c` in the folder of the task. Gives `{ exitCode, signal, stdout, stderr }`, with
 * `timedOut`, `truncated` or `error` where that is so. A `timeoutMs` of 0 is none. Ends it when the task is over.
 */
export async function runCommand(command, { timeoutMs }) {
  const task = getTaskRuntime();
  if (!native.commandsAllowed) {
    throw new SmithersError("RUNTIME_CAPABILITY_UNAVAILABLE", "commands are not allowed on this gateway; its operator allows them with SMITHERS_MODULE_COMMANDS");
  }
  const id = await started(command, task);
  let timedOut = false;
  const end = () => kill(id);
  const limit = timeoutMs > 0 ? startTimer(() => ((timedOut = true), end()), timeoutMs, [], null) : undefined;
  task?.signal.addEventListener("abort", end);
  try {
    const outcome = JSON.parse(await looked(() => native.commandEnd(id)));
    return timedOut ? { ...outcome, timedOut } : outcome;
  } finally {
    clearTimer(limit);
    task?.signal.removeEventListener("abort", end);
  }
}

/** Starts a command as soon as there is room for one. */
function started(command, task) {
  const folder = task?.rootDir ?? native.root;
  return looked(() => {
    task?.signal.throwIfAborted();
    return native.startCommand(command, folder);
  });
}

/** Asks the processes of a command to end, and sees to it. */
function kill(id) {
  native.killCommand(id, false);
  startTimer(() => native.killCommand(id, true), GRACE_MS, [], null);
}

/** Looks again and again until there is something. Only a gateway that runs commands pays for this. */
async function looked(look) {
  for (let pause = FIRST_LOOK_MS; ; pause = Math.min(pause * 2, LAST_LOOK_MS)) {
    const found = look();
    if (found !== null && found !== undefined) return found;
    await new Promise((resolve) => startTimer(resolve, pause, [], null));
  }
}
