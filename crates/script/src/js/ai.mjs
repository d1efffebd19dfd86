// Package `ai` for modules beside which it is not installed: its objects can be made, and say when called what is missing.

import { SmithersError } from "smithers:errors";

function notInstalled(what) {
  throw new SmithersError(
    "RUNTIME_CAPABILITY_UNAVAILABLE",
    `${what} calls a model over the network, which is not available to workflow modules of this gateway; give the task an object with your own "generate"`,
  );
}

/** An agent as a description. */
export class ToolLoopAgent {
  constructor(settings = {}) {
    this.settings = settings;
    this.id = settings.id;
    this.model = settings.model;
    this.version = "agent-v1";
  }

  get tools() {
    return this.settings.tools ?? {};
  }

  async generate() {
    return notInstalled("ToolLoopAgent");
  }

  async stream() {
    return notInstalled("ToolLoopAgent");
  }
}

export { ToolLoopAgent as Experimental_Agent };

const output = (type) => (options = {}) => ({ type, ...options });

/** Forms of answers. */
export const Output = Object.freeze({ text: output("text"), object: output("object"), array: output("array"), choice: output("choice"), json: output("json") });

export const tool = (definition) => definition;
export const dynamicTool = (definition) => ({ ...definition, type: "dynamic" });
export const jsonSchema = (schema) => ({ jsonSchema: schema });
export const stepCountIs = (count) => ({ steps }) => steps.length === count;
export const hasToolCall = (name) => ({ steps }) => steps.at(-1)?.toolCalls?.some((call) => call.toolName === name) ?? false;

export const generateText = async () => notInstalled("generateText");
export const generateObject = async () => notInstalled("generateObject");
export const streamText = () => notInstalled("streamText");
export const streamObject = () => notInstalled("streamObject");
