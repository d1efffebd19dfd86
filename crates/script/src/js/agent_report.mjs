// What a call of an agent tells of its work: its events, and what it has used.

import { native } from "smithers:native";
import { nameOf } from "smithers:agent-chain";

/** Names under which agents count, by what is counted; the first that is there is taken. A path leads inwards. */
const COUNTS = {
  inputTokens: ["inputTokens.total", "inputTokens", "promptTokens", "input_tokens", "prompt_tokens"],
  outputTokens: ["outputTokens.total", "outputTokens", "completionTokens", "output_tokens", "completion_tokens"],
  cacheReadTokens: ["inputTokens.cacheRead", "cacheReadTokens", "cachedInputTokens", "inputTokenDetails.cacheReadTokens", "cache_read_input_tokens"],
  cacheWriteTokens: ["inputTokens.cacheWrite", "cacheWriteTokens", "inputTokenDetails.cacheWriteTokens", "cache_creation_input_tokens"],
  reasoningTokens: ["outputTokens.reasoning", "reasoningTokens", "outputTokenDetails.reasoningTokens", "reasoning_tokens"],
};

/** Takes an event of `agent`; what cannot be written as JSON is not told. */
export function tellEvent(callId, agent, event) {
  const text = written(event);
  if (text !== undefined) native.agentEvent(callId, engineOf(agent, event), text);
}

/** Tells what a call of `agent` has used; `ended` is its result or its error. */
export function tellUsage(callId, agent, ended) {
  const usage = ended?.totalUsage ?? ended?.usage;
  if (typeof usage !== "object" || usage === null) return;
  const counts = {};
  for (const [name, paths] of Object.entries(COUNTS)) counts[name] = countOf(usage, paths);
  if (Object.values(counts).every((count) => count === 0)) return;
  const model = text(ended.response?.modelId) ?? modelOf(agent) ?? "unknown";
  native.tokens(callId, JSON.stringify({ model, agent: nameOf(agent), ...counts }));
}

function engineOf(agent, event) {
  return text(event?.engine) ?? text(agent.cliEngine) ?? text(agent.hijackEngine) ?? nameOf(agent);
}

/** The model that an agent says it asks: its name, or an object that knows it. */
function modelOf({ model }) {
  return text(model) ?? text(model?.modelId);
}

function countOf(usage, paths) {
  for (const path of paths) {
    const count = path.split(".").reduce((value, name) => value?.[name], usage);
    if (Number.isSafeInteger(count) && count >= 0) return count;
  }
  return 0;
}

function written(event) {
  if (typeof event !== "object" || event === null) return undefined;
  try {
    return JSON.stringify(event);
  } catch {
    return undefined;
  }
}

function text(value) {
  return typeof value === "string" && value !== "" ? value : undefined;
}
