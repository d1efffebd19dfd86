// One call of an agent: what it is given, and whether it is ready to be called.

import { native as host } from "smithers:native";
import { SmithersError } from "smithers:errors";
import { nameOf } from "smithers:agent-chain";
import { inTask } from "smithers:task-runtime";

/** How much an agent that runs a program may capture of its output, in bytes. */
const MOST_OUTPUT_BYTES = 200_000;

/** Calls `agent` on behalf of `task`. `request` holds `prompt` or `messages`, and `outputSchema`. */
export async function callAgent(agent, request, task, timeoutMs) {
  // A task that is over makes no further calls, whatever its agent does with the signal.
  task.signal.throwIfAborted();
  if (typeof agent.generate !== "function") {
    throw new SmithersError("AGENT_CONFIG_INVALID", `agent "${nameOf(agent)}" has no function "generate"`);
  }
  const result = await inTask(task, () => agent.generate(argumentsOf(request, task, timeoutMs)));
  task.signal.throwIfAborted();
  return result;
}

function argumentsOf(request, task, timeoutMs) {
  const { runId, nodeId, iteration, attempt } = task;
  const ignored = () => {};
  return {
    options: undefined,
    ...request,
    abortSignal: task.signal,
    lastHeartbeat: null,
    rootDir: host.root,
    taskContext: { runId, nodeId, iteration, attempt },
    maxOutputBytes: MOST_OUTPUT_BYTES,
    timeout: timeoutMs === null ? undefined : { totalMs: timeoutMs },
    onStdout: ignored,
    onStderr: ignored,
    onProcess: ignored,
    onEvent: ignored,
    onStepFinish: ignored,
    onStepEnd: ignored,
  };
}

/** Asks an agent that can tell whether it is ready; one that refuses or throws is not. */
export async function isReady(agent, task) {
  if (typeof agent.preflight !== "function") return true;
  try {
    const answer = await agent.preflight({ abortSignal: task.signal, rootDir: host.root });
    return answer !== false && answer?.ok !== false;
  } catch {
    return false;
  }
}
