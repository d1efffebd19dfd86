/** @jsxImportSource smithers-orchestrator */
// Who may decide: only the named users, and whoever answers for it is called when nobody does in time.
import { Approval, Sequence, Task, Workflow, approvalDecisionSchema, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers({
  decision: approvalDecisionSchema,
  output: z.object({ decidedBy: z.string() }),
});

const restricted = smithers((ctx) => (
  <Workflow name="approval-restricted">
    <Sequence>
      <Approval id="legal" output={outputs.decision} allowedUsers={["user:legal"]} request={{ title: "Is the contract fine?" }} />
      <Task id="sign" output={outputs.output}>
        {() => ({ decidedBy: ctx.output(outputs.decision, { nodeId: "legal" }).decidedBy ?? "" })}
      </Task>
    </Sequence>
  </Workflow>
));

export function register(gateway) {
  gateway.register("approval-restricted", restricted);
}
