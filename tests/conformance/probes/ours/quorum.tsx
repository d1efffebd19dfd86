/** @jsxImportSource smithers-orchestrator */
import { Approval, Sequence, Task, Workflow, approvalDecisionSchema, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers(
  { gate: approvalDecisionSchema, r: z.object({ v: z.string() }) },
  { dbPath: process.env.PROBE_DB },
);

export default smithers(() => (
  <Workflow name="quorum">
    <Sequence>
      <Approval id="gate" output={outputs.gate} request={{ title: "Go on?" }} requiredApprovals={2} />
      <Task id="end" output={outputs.r}>{{ v: "end" }}</Task>
    </Sequence>
  </Workflow>
));

export const probe = {
  about: "An approval that takes two people counts a person once, keeps votes over a restart, and is decided by the second yes; a single no decides at once, and later votes are told so.",
  steps: [
    { op: "run" },
    { op: "rpc", as: "ben", method: "submitApproval", params: { runId: "r1", nodeId: "gate", approved: true }, show: ["approved"] },
    { op: "restart" },
    { op: "rpc", as: "ben", method: "submitApproval", params: { runId: "r1", nodeId: "gate", approved: true } },
    { op: "wait", status: "waiting-approval" },
    { op: "rpc", as: "carl", method: "submitApproval", params: { runId: "r1", nodeId: "gate", approved: true }, show: ["approved"] },
    { op: "wait", status: "finished" },
    { op: "run", runId: "denied" },
    { op: "rpc", as: "ben", method: "submitApproval", params: { runId: "denied", nodeId: "gate", approved: true }, show: ["approved"] },
    { op: "rpc", as: "carl", method: "submitApproval", params: { runId: "denied", nodeId: "gate", approved: false }, show: ["approved"] },
    { op: "rpc", method: "submitApproval", params: { runId: "denied", nodeId: "gate", approved: true } },
    { op: "wait", runId: "denied", status: "failed" },
  ],
};
