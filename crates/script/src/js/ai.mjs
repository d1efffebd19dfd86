// Stands in for the package `ai` when it is not installed: what workflow modules construct can be constructed,
// and says what is missing when it is called.

import { SmithersError } from "smithers:errors";

function missing(what) {
  throw new SmithersError(
    "RUNTIME_CAPABILITY_UNAVAILABLE",
    `${what} needs a model provider, which this gateway does not have: give the task an agent object with \`generate\``,
    { failureRetryable: false },
  );
}

/** An agent that calls tools in a loop: keeps its settings, has no model to ask. */
export class ToolLoopAgent {
  constructor(settings = {}) {
    this.settings = settings;
    this.id = settings.id ?? "tool-loop-agent";
    this.model = settings.model;
    this.tools = settings.tools;
    this.instructions = settings.instructions;
  }

  async generate() {
    return missing("ToolLoopAgent");
  }

  async stream() {
    return missing("ToolLoopAgent");
  }
}

export const Experimental_Agent = ToolLoopAgent;
export const Agent = ToolLoopAgent;

/** What an agent's output looks like. */
export const Output = {
  object: (options) => ({ type: "object", ...options }),
  array: (options) => ({ type: "array", ...options }),
  choice: (options) => ({ type: "choice", ...options }),
  json: (options) => ({ type: "json", ...options }),
  text: () => ({ type: "text" }),
};

export const tool = (definition) => definition;
export const dynamicTool = (definition) => ({ ...definition, type: "dynamic" });
export const jsonSchema = (schema) => ({ jsonSchema: schema });
export const zodSchema = (schema) => schema;
export const stepCountIs = (count) => ({ steps }) => steps.length === count;
export const hasToolCall = (name) => ({ steps }) => steps.at(-1)?.toolCalls?.some((call) => call.toolName === name) ?? false;

export const generateText = async () => missing("generateText");
export const generateObject = async () => missing("generateObject");
export const streamText = () => missing("streamText");
export const streamObject = () => missing("streamObject");
export const embed = async () => missing("embed");
export const embedMany = async () => missing("embedMany");
