// Brings an agent to a result that fits: asks, reads the answer, and asks again while the budget lasts.

import { SmithersError } from "smithers:errors";
import { answerText, readAnswer, readRepair } from "smithers:agent-answer";
import { askAgain, askToCorrect, withInstructions } from "smithers:agent-prompt";
import { checkedText } from "smithers:output";

/**
 * The result of a task as JSON text. `ask` calls the agent with `{prompt}` or `{messages}` and the schema that it
 * may enforce itself. Throws INVALID_OUTPUT when `budget` further calls bring nothing that fits.
 */
export async function structuredResult({ ask, native, prompt, schema, nodeId, budget }) {
  const wrapped = native ? prompt : withInstructions(prompt, schema);
  const conversation = new Conversation(wrapped);
  let result = await ask({ prompt: wrapped, outputSchema: schema });
  let value = readAnswer(result);
  for (let left = budget; ; left -= 1) {
    const verdict = judge(value, schema, nodeId);
    if (verdict.text !== undefined) return verdict.text;
    if (left === 0) throw verdict.error;
    conversation.heard(result);
    if (value === undefined) {
      const again = askAgain(prompt, answerText(result), schema);
      conversation.said(again);
      result = await ask({ prompt: again, outputSchema: schema });
    } else {
      conversation.said(askToCorrect(verdict.error.message, schema));
      result = await ask({ messages: [...conversation.messages], outputSchema: native ? schema : undefined });
    }
    value = readRepair(result);
  }
}

/** What was said by whom in one attempt, in the form that agents take. */
class Conversation {
  constructor(prompt) {
    this.messages = [];
    this.said(prompt);
  }

  said(content) {
    this.messages.push({ role: "user", content });
  }

  heard(result) {
    const messages = result?.response?.messages;
    if (Array.isArray(messages) && messages.length > 0) this.messages.push(...messages);
    else this.messages.push({ role: "assistant", content: answerText(result) || JSON.stringify(result?.output ?? null) });
  }
}

/** The value as the text that is stored, or the error that says why it cannot be. */
function judge(value, schema, nodeId) {
  if (value === undefined) {
    return { error: new SmithersError("INVALID_OUTPUT", `the agent's answer for "${nodeId}" holds no JSON object`, { nodeId, received: [] }) };
  }
  try {
    return { text: checkedText(value, schema, nodeId) };
  } catch (error) {
    if (error instanceof SmithersError && error.code === "INVALID_OUTPUT") return { error };
    throw error;
  }
}
