// Everything that `smithers-orchestrator` exports.

import { unavailable } from "smithers:errors";

export { SmithersError } from "smithers:errors";
export { Fragment } from "smithers:element";
export { createSmithers } from "smithers:create";
export { useCtx, usePatched } from "smithers:frame";
export { Gateway } from "smithers:gateway";
export { renderMdx } from "smithers:prompt";
export { getTaskRuntime } from "smithers:task-runtime";
export * from "smithers:components";
export * from "smithers:later";
export * from "smithers:agents";
export * from "smithers:tools";
export { approvalDecisionSchema, approvalRankingSchema, approvalSelectionSchema } from "smithers:approval";
export {
  createScorer,
  faithfulnessScorer,
  latencyScorer,
  llmJudge,
  relevancyScorer,
  schemaAdherenceScorer,
  toxicityScorer,
} from "smithers:scorers";

export const runWorkflow = () => unavailable("runWorkflow");
export const renderFrame = () => unavailable("renderFrame");
export const approveNode = () => unavailable("approveNode");
export const denyNode = () => unavailable("denyNode");
export const signalRun = () => unavailable("signalRun");

/** A plugin for bundlers; nothing here needs one. */
export function mdxPlugin() {
  return { name: "smithers-mdx" };
}
