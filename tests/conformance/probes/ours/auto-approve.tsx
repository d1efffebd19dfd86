/** @jsxImportSource smithers-orchestrator */
import { Approval, Sequence, Task, Workflow, approvalDecisionSchema, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers(
  { input: z.object({ risky: z.boolean().optional() }), gate: approvalDecisionSchema, r: z.object({ v: z.string() }) },
  { dbPath: process.env.PROBE_DB },
);

export default smithers((ctx) => (
  <Workflow name="auto-approve">
    <Sequence>
      <Approval
        id="gate"
        output={outputs.gate}
        request={{ title: "Go on?" }}
        autoApprove={{ after: 2, revertOn: () => ctx.input.risky === true }}
      />
      <Task id="end" output={outputs.r}>{{ v: "end" }}</Task>
    </Sequence>
  </Workflow>
));

export const probe = {
  about: "After two yeses of people in other runs nobody is asked, also over a restart; a no and revertOn have people asked again, and what was given without a person is no precedent.",
  steps: [
    { op: "run" },
    { op: "rpc", method: "submitApproval", params: { runId: "r1", nodeId: "gate", approved: true }, show: ["approved"] },
    { op: "wait", status: "finished" },
    { op: "run", runId: "second" },
    { op: "rpc", as: "ben", method: "submitApproval", params: { runId: "second", nodeId: "gate", approved: true }, show: ["approved"] },
    { op: "wait", runId: "second", status: "finished" },
    { op: "restart" },
    { op: "run", runId: "third" },
    { op: "run", runId: "risky", input: { risky: true } },
    { op: "rpc", method: "submitApproval", params: { runId: "risky", nodeId: "gate", approved: false }, show: ["approved"] },
    { op: "wait", runId: "risky", status: "failed" },
    { op: "run", runId: "asked-again" },
  ],
};
