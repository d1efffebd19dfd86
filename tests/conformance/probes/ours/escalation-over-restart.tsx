/** @jsxImportSource smithers-orchestrator */
import { Approval, Workflow, approvalDecisionSchema, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers(
  { gate: approvalDecisionSchema },
  { dbPath: process.env.PROBE_DB },
);

export default smithers(() => (
  <Workflow name="escalation-over-restart">
    <Approval id="gate" output={outputs.gate} request={{ title: "Go on?" }}
      owner="user:probe" fallbackOwner="user:ben" escalateAfterMs={2000} />
  </Workflow>
));

export const probe = {
  about: "The fallback owner of an approval is refused before its time, and decides after it, also when that time came while the gateway was down.",
  steps: [
    { op: "rpc", as: "carl", method: "launchRun", params: { workflow: "escalation-over-restart", options: { runId: "r1" } }, show: ["runId"] },
    { op: "wait", status: "waiting-approval" },
    { op: "rpc", as: "ben", method: "submitApproval", params: { runId: "r1", nodeId: "gate", approved: true } },
    { op: "restart", downMs: 2500 },
    { op: "waitEvent", type: "ApprovalEscalated", nodeId: "gate" },
    { op: "rpc", as: "ben", method: "submitApproval", params: { runId: "r1", nodeId: "gate", approved: true }, show: ["approved"] },
    { op: "wait", status: "finished" },
  ],
};
