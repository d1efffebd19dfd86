// Agent classes as inert objects: a module may construct them, nothing calls them yet.

import { unavailable } from "smithers:errors";

class Agent {
  constructor(options = {}) {
    this.options = options;
    this.id = options.id ?? this.constructor.name;
    this.model = options.model;
    this.tools = options.tools;
  }

  async generate() {
    return unavailable(`agent ${this.constructor.name}`);
  }
}

export class AnthropicAgent extends Agent {}
export class OpenAIAgent extends Agent {}
export class HermesAgent extends Agent {}
export class ClaudeCodeAgent extends Agent {}
export class CodexAgent extends Agent {}
export class PiAgent extends Agent {}
export class AntigravityAgent extends Agent {}
export class GeminiAgent extends Agent {}
export class KimiAgent extends Agent {}
export class AmpAgent extends Agent {}
export class CursorAgent extends Agent {}
export class OpenCodeAgent extends Agent {}
export class ForgeAgent extends Agent {}
export class HermesCliAgent extends Agent {}
export class OpenClawAgent extends Agent {}
export class PoolAgent extends Agent {}
export class VibeAgent extends Agent {}
export class OmpAgent extends Agent {}
