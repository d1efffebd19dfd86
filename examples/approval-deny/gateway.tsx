/** @jsxImportSource smithers-orchestrator */
// A denial that ends the run: without `onDeny` (or with "fail") nothing after the approval happens.
import { Approval, Sequence, Task, Workflow, approvalDecisionSchema, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers({
  decision: approvalDecisionSchema,
  output: z.object({ deleted: z.string() }),
});

const approvalDeny = smithers(() => (
  <Workflow name="approval-deny">
    <Sequence>
      <Approval id="sure" output={outputs.decision} request={{ title: "Delete the old index?", summary: "It cannot be brought back." }} />
      <Task id="delete" output={outputs.output}>{() => ({ deleted: "index-2023" })}</Task>
    </Sequence>
  </Workflow>
));

export function register(gateway) {
  gateway.register("approval-deny", approvalDeny);
}
