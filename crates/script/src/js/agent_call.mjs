// One attempt of an agent task: asks, reads the answer, and has it put right until it fits or the budget is used up.

import { SmithersError } from "smithers:errors";
import { answerText, readAnswer, readRepair } from "smithers:agent-answer";
import { isReady } from "smithers:agent-chain";
import { invalidJsonMessage, missingJsonPrompt, structuredPrompt } from "smithers:agent-prompt";
import { native } from "smithers:native";
import { checkedText } from "smithers:output";

/** Most bytes of output that an agent is told to produce. */
const MAX_OUTPUT_BYTES = 200_000;

/**
 * What an agent task asks.
 *
 * `chain` are its agents, `prompt` the text of its children, `schema` what the answer must fit,
 * `repairs` how often an answer is put right, `timeoutMs` what the agent is told about its time.
 */
export class Question {
  constructor({ id, chain, prompt, schema, repairs, timeoutMs }) {
    this.id = id;
    this.chain = chain;
    this.prompt = prompt;
    this.schema = schema;
    this.repairs = repairs;
    this.timeoutMs = timeoutMs;
  }

  /** Asks the agents of this attempt until one answers; `barred` are those that the run does not ask any more. */
  async ask(runtime, barred) {
    if (this.prompt.trim() === "") {
      throw new SmithersError("TASK_EMPTY_PROMPT", `the prompt of task "${this.id}" is empty`, { failureRetryable: false });
    }
    let failure;
    for (const agent of barred.candidates(this.chain, runtime.attempt)) {
      if (!(await isReady(agent))) continue;
      try {
        return await new Dialogue(this, agent, runtime).value();
      } catch (error) {
        failure = error;
        if (!barred.learn(agent, error)) throw error;
      }
    }
    throw failure ?? barred.refusal(this.id, this.chain);
  }
}

/** The exchange with one agent during one attempt. */
class Dialogue {
  constructor(question, agent, runtime) {
    this.question = question;
    this.agent = agent;
    this.runtime = runtime;
    this.hasOwnForm = agent.supportsNativeStructuredOutput === true;
    this.messages = [];
  }

  async value() {
    const { prompt, schema } = this.question;
    const asked = this.hasOwnForm ? prompt : structuredPrompt(prompt, schema);
    let result = await this.generate({ prompt: asked, outputSchema: schema });
    this.messages.push({ role: "user", content: asked }, ...this.said(result));
    let value = readAnswer(result);
    for (let left = this.question.repairs; ; left--) {
      const problem = this.problemOf(value);
      if (problem === null) return value;
      if (left === 0) throw problem;
      result = await this.repair(value, result, problem);
      value = readRepair(result);
    }
  }

  /** Why a value cannot be stored, or null. */
  problemOf(value) {
    const { id, schema } = this.question;
    if (value === undefined) return new SmithersError("INVALID_OUTPUT", `the answer to task "${id}" holds no JSON object`);
    try {
      checkedText(value, schema, id);
      return null;
    } catch (error) {
      return error;
    }
  }

  /** Asks for a better answer: anew when there was no JSON, else with the conversation so far. */
  async repair(value, result, problem) {
    const { prompt, schema } = this.question;
    if (value === undefined) {
      const again = missingJsonPrompt(prompt, answerText(result), schema);
      const answer = await this.generate({ prompt: again, outputSchema: schema });
      this.messages.push({ role: "user", content: again }, ...this.said(answer));
      return answer;
    }
    this.messages.push({ role: "user", content: invalidJsonMessage(problem.message, schema) });
    const answer = await this.generate({ messages: [...this.messages], ...(this.hasOwnForm ? { outputSchema: schema } : {}) });
    this.messages.push(...this.said(answer));
    return answer;
  }

  /** The agent's side of the conversation, as it tells it itself or as its text. */
  said(result) {
    const messages = result?.response?.messages;
    if (Array.isArray(messages) && messages.length > 0) return messages;
    const text = answerText(result);
    return [{ role: "assistant", content: text === "" ? JSON.stringify(readAnswer(result) ?? null) : text }];
  }

  generate(asked) {
    const { runId, nodeId, iteration, attempt, signal, lastHeartbeat, output } = this.runtime;
    const { timeoutMs } = this.question;
    const ignored = () => {};
    return this.agent.generate({
      ...asked,
      abortSignal: signal,
      lastHeartbeat,
      rootDir: native.root,
      taskContext: { runId, nodeId, iteration, attempt },
      maxOutputBytes: MAX_OUTPUT_BYTES,
      ...(timeoutMs === null ? {} : { timeout: { totalMs: timeoutMs } }),
      onStdout: ignored,
      onStderr: ignored,
      onEvent: ignored,
      onStepFinish: ignored,
      onStepEnd: ignored,
      options: undefined,
      ...output,
    });
  }
}
