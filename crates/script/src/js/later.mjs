// Components that can be written today and run in a later version: rendering one says so.

import { Kind, host } from "smithers:render";

/** Stands in the tree for something that this build knows but does not run. */
export function later(component, props) {
  return host(Kind.later, "smithers:later", { id: props.id }, { component }, null);
}

function laterComponent(component) {
  const render = (props) => (props.skipIf ? null : later(component, props));
  Object.defineProperty(render, "name", { value: component });
  return render;
}

export const Sandbox = laterComponent("Sandbox");
export const Worktree = laterComponent("Worktree");
export const TryCatchFinally = laterComponent("TryCatchFinally");
export const Aspects = laterComponent("Aspects");

export const SagaStep = laterComponent("SagaStep");
export const Saga = laterComponent("Saga");
Saga.Step = SagaStep;

export const Panel = laterComponent("Panel");
export const Debate = laterComponent("Debate");
export const ReviewLoop = laterComponent("ReviewLoop");
export const Optimizer = laterComponent("Optimizer");
export const Supervisor = laterComponent("Supervisor");
export const CheckSuite = laterComponent("CheckSuite");
export const ClassifyAndRoute = laterComponent("ClassifyAndRoute");
export const GatherAndSynthesize = laterComponent("GatherAndSynthesize");
export const ContentPipeline = laterComponent("ContentPipeline");
export const DecisionTable = laterComponent("DecisionTable");
export const EscalationChain = laterComponent("EscalationChain");
export const Runbook = laterComponent("Runbook");
export const ScanFixVerify = laterComponent("ScanFixVerify");
export const Poller = laterComponent("Poller");
export const DriftDetector = laterComponent("DriftDetector");
export const Kanban = laterComponent("Kanban");
export const Sidecar = laterComponent("Sidecar");
export const Monitor = laterComponent("Monitor");
export const SuperSmithers = laterComponent("SuperSmithers");
export const DelegationChain = laterComponent("DelegationChain");
export const Trellis = laterComponent("Trellis");
