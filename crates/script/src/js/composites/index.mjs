// The composites, one a line. A module that imports none of them does not load this file (`graph/composites.rs`).

export { CheckSuite } from "smithers:composites/check-suite";
export { ClassifyAndRoute } from "smithers:composites/classify-and-route";
export { ContentPipeline } from "smithers:composites/content-pipeline";
export { Debate } from "smithers:composites/debate";
export { DecisionTable } from "smithers:composites/decision-table";
export { DriftDetector } from "smithers:composites/drift-detector";
export { EscalationChain } from "smithers:composites/escalation-chain";
export { GatherAndSynthesize } from "smithers:composites/gather-and-synthesize";
export { Kanban } from "smithers:composites/kanban";
export { Monitor } from "smithers:composites/monitor";
export { Optimizer } from "smithers:composites/optimizer";
export { Panel } from "smithers:composites/panel";
export { Poller } from "smithers:composites/poller";
export { ReviewLoop } from "smithers:composites/review-loop";
export { Runbook } from "smithers:composites/runbook";
export { ScanFixVerify } from "smithers:composites/scan-fix-verify";
export { Sidecar } from "smithers:composites/sidecar";
export { SuperSmithers } from "smithers:composites/super-smithers";
export { Supervisor } from "smithers:composites/supervisor";
