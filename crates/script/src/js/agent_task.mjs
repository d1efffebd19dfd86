// Agent tasks: what makes a task one, and the body that it gets.

import { chainOf } from "smithers:agent-chain";
import { Question } from "smithers:agent-call";
import { promptText } from "smithers:prompt";

/** How often an answer is put right within one attempt, unless the task says otherwise. */
const REPAIRS = 3;
/** Retries of an agent task that asks for none: answers differ from one attempt to the next. */
const RETRIES = 3;
/** Retries of one that may fail. */
const RETRIES_OF_A_TASK_THAT_MAY_FAIL = 1;

export function isAgentTask(props) {
  return props.agent !== undefined && props.agent !== null;
}

/** Retries of an agent task that names no number; enough for each agent of its chain to be asked. */
export function agentRetries({ agent, fallbackAgent, continueOnFail, retryPolicy }) {
  const others = (Array.isArray(agent) ? agent.length : 1) + (fallbackAgent === undefined ? 0 : 1) - 1;
  return Math.max(others, continueOnFail && retryPolicy === undefined ? RETRIES_OF_A_TASK_THAT_MAY_FAIL : RETRIES);
}

/** The question of an agent task. A function child makes the prompt from the rows that `deps` names. */
export function questionOf(props, id, schema, deps, { maxSchemaRetries, timeoutMs }) {
  const { children } = props;
  const made = typeof children === "function" ? children(deps?.values ?? {}) : children;
  return new Question({
    id,
    chain: chainOf(props),
    prompt: promptText(made ?? "", schema),
    schema,
    repairs: Math.max(0, maxSchemaRetries ?? REPAIRS),
    timeoutMs,
  });
}
