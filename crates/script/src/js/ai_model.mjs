// Models of providers as descriptions, for modules beside which the provider's package is not installed.

/** A provider: called with the id of a model it gives a description of that model. */
export function provider(name) {
  const model = (modelId) => Object.freeze({ specificationVersion: "v3", provider: name, modelId });
  return Object.assign((modelId) => model(modelId), { languageModel: model, chat: model, messages: model, responses: model, completion: model, tools: Object.freeze({}) });
}
