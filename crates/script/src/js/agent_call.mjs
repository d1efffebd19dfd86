// One call of an agent: what it is given, and whether it is ready to be called.

import { SmithersError } from "smithers:errors";
import { nameOf } from "smithers:agent-chain";
import { tellEvent, tellUsage } from "smithers:agent-report";
import { writersOf } from "smithers:console";
import { inTask } from "smithers:task-runtime";

/** How much an agent that runs a program may capture of its output, in bytes. */
const MOST_OUTPUT_BYTES = 200_000;

/** Calls `agent` on behalf of `call`. `request` holds `prompt` or `messages`, and `outputSchema`. */
export async function callAgent(agent, request, call) {
  const { task } = call;
  // A task that is over makes no further calls, whatever its agent does with the signal.
  task.signal.throwIfAborted();
  if (typeof agent.generate !== "function") {
    throw new SmithersError("AGENT_CONFIG_INVALID", `agent "${nameOf(agent)}" has no function "generate"`);
  }
  const result = await asked(agent, request, call);
  task.signal.throwIfAborted();
  return result;
}

/** What the call gives; what it has used is told, also when it fails. */
async function asked(agent, request, call) {
  try {
    const result = await inTask(call.task, () => agent.generate(argumentsOf(agent, request, call)));
    tellUsage(call.id, agent, result);
    return result;
  } catch (error) {
    tellUsage(call.id, agent, error);
    throw error;
  }
}

function argumentsOf(agent, request, { id, task, pulse, body }) {
  const { runId, nodeId, iteration, attempt, lastHeartbeat, rootDir } = task;
  const { timeoutMs } = body;
  // Whatever an agent shows proves that it is alive.
  const heard = () => pulse.heard();
  const { onStdout, onStderr } = writersOf(id);
  return {
    options: undefined,
    ...request,
    abortSignal: task.signal,
    lastHeartbeat,
    rootDir,
    taskContext: { runId, nodeId, iteration, attempt },
    maxOutputBytes: MOST_OUTPUT_BYTES,
    timeout: timeoutMs === null ? undefined : { totalMs: timeoutMs },
    onStdout: (text) => (heard(), onStdout(text)),
    onStderr: (text) => (heard(), onStderr(text)),
    onProcess: heard,
    onEvent: (event) => (heard(), tellEvent(id, agent, event)),
    onStepFinish: heard,
    onStepEnd: heard,
  };
}

/** Asks an agent that can tell whether it is ready; one that refuses or throws is not. */
export async function isReady(agent, task) {
  if (typeof agent.preflight !== "function") return true;
  try {
    const answer = await agent.preflight({ abortSignal: task.signal, rootDir: task.rootDir });
    return answer !== false && answer?.ok !== false;
  } catch {
    return false;
  }
}
