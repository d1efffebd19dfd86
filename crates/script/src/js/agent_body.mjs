// The body of a task with an agent: one attempt, from the prompt to the result.

import { SmithersError } from "smithers:errors";
import { callAgent, isReady } from "smithers:agent-call";
import { noAgentLeft, rungsFor } from "smithers:agent-chain";
import { structuredResult } from "smithers:agent-repair";
import { mayRetry } from "smithers:body";
import { within } from "smithers:frame";
import { promptText } from "smithers:prompt";
import { isolationNotice } from "smithers:worktree";

/** Codes that another attempt of an agent cannot help. */
const FINAL = new Set(["TASK_EMPTY_PROMPT", "MDX_PRELOAD_INACTIVE", "AGENT_CONFIG_INVALID", "AGENT_QUOTA_EXCEEDED"]);

export class AgentBody {
  /** `question` gives what stands between the tags of the task. It is asked as late as possible: most frames start few tasks. */
  constructor({ nodeId, frame, chain, question, schema, timeoutMs, heartbeatTimeoutMs, budget, worktree }) {
    this.nodeId = nodeId;
    this.frame = frame;
    this.chain = chain;
    this.question = question;
    this.schema = schema;
    this.timeoutMs = timeoutMs;
    this.heartbeatTimeoutMs = heartbeatTimeoutMs;
    this.budget = budget;
    this.worktree = worktree;
  }

  /** Runs an attempt; gives the result as JSON text. */
  async begin(call) {
    const { standings } = this.frame.session;
    call.prompt ??= this.prompt();
    const { prompt } = call;
    let failure;
    for (const agent of rungsFor(this.chain, call.failures, standings)) {
      if (!(await isReady(agent, call.task))) continue;
      try {
        return await this.ask(agent, prompt, call);
      } catch (error) {
        if (!standings.learn(agent, error)) throw error;
        failure = error;
      }
    }
    const left = noAgentLeft(this.chain, standings, this.nodeId);
    left.cause = failure;
    throw left;
  }

  /** Whether another attempt may end better than one that ended with `error`. */
  mayRetry(error) {
    const { standings } = this.frame.session;
    return mayRetry(error) && !FINAL.has(error.code) && this.chain.some((agent) => standings.isUsable(agent));
  }

  prompt() {
    const text = within(this.frame, () => promptText(this.question(), this.schema));
    if (text.trim() === "") throw new SmithersError("TASK_EMPTY_PROMPT", `task "${this.nodeId}" has nothing to ask its agent`);
    return this.worktree === null ? text : `${isolationNotice(this.worktree)}\n\n${text}`;
  }

  ask(agent, prompt, call) {
    return structuredResult({
      ask: (request) => callAgent(agent, request, call),
      native: agent.supportsNativeStructuredOutput === true,
      prompt,
      schema: this.schema,
      nodeId: this.nodeId,
      budget: this.budget,
    });
  }
}
