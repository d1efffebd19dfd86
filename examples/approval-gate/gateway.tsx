/** @jsxImportSource smithers-orchestrator */
// A gate that closes only when it must: small changes pass by themselves, large ones wait for a person.
import { ApprovalGate, Sequence, Task, Workflow, approvalDecisionSchema, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers({
  input: z.object({ changedLines: z.number().int() }),
  decision: approvalDecisionSchema,
  output: z.object({ mergedBy: z.string() }),
});

const approvalGate = smithers((ctx) => (
  <Workflow name="approval-gate">
    <Sequence>
      <ApprovalGate
        id="review"
        when={ctx.input.changedLines > 200}
        output={outputs.decision}
        request={{ title: `Review ${ctx.input.changedLines} changed lines` }}
      />
      <Task id="merge" output={outputs.output}>
        {() => ({ mergedBy: ctx.output(outputs.decision, { nodeId: "review" }).decidedBy ?? "nobody had to look" })}
      </Task>
    </Sequence>
  </Workflow>
));

export function register(gateway) {
  gateway.register("approval-gate", approvalGate);
}
