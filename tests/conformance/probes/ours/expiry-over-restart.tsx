/** @jsxImportSource smithers-orchestrator */
import { Approval, Sequence, Task, Workflow, approvalDecisionSchema, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers(
  { gate: approvalDecisionSchema, r: z.object({ v: z.string() }) },
  { dbPath: process.env.PROBE_DB },
);

export default smithers(() => (
  <Workflow name="expiry-over-restart">
    <Sequence>
      <Approval id="gate" output={outputs.gate} request={{ title: "Go on?" }} expiresAfterMs={2000} onExpire="deny" onDeny="continue" />
      <Task id="end" output={outputs.r}>{{ v: "end" }}</Task>
    </Sequence>
  </Workflow>
));

export const probe = {
  about: "The time of an approval ends while the gateway is down: at the next start it is denied, a late answer is told so, and the run goes on as after a denial.",
  steps: [
    { op: "run" },
    { op: "restart", downMs: 2500 },
    { op: "wait", status: "finished" },
    { op: "approve", nodeId: "gate" },
  ],
};
