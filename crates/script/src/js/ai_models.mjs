// Stands in for `@ai-sdk/anthropic` and `@ai-sdk/openai` when they are not installed: models that have a name only.

function providerOf(provider) {
  const model = (modelId) => Object.freeze({ specificationVersion: "v3", provider, modelId });
  const kinds = ["languageModel", "chat", "messages", "completion", "responses", "embedding", "textEmbeddingModel"];
  return Object.assign(model, Object.fromEntries(kinds.map((kind) => [kind, model])), { tools: {} });
}

export const anthropic = providerOf("anthropic");
export const createAnthropic = () => anthropic;
export const openai = providerOf("openai");
export const createOpenAI = () => openai;
