// Scorers, as descriptions: a task accepts them, nothing is scored yet.

export function createScorer(definition) {
  return { ...definition };
}

function scorer(id) {
  return (options = {}) => createScorer({ id, name: options.name ?? id, options });
}

export const llmJudge = scorer("llm-judge");
export const latencyScorer = scorer("latency");
export const schemaAdherenceScorer = scorer("schema-adherence");
export const relevancyScorer = scorer("relevancy");
export const toxicityScorer = scorer("toxicity");
export const faithfulnessScorer = scorer("faithfulness");
