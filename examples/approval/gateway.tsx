/** @jsxImportSource smithers-orchestrator */
// A person decides: the run waits for as long as it takes, also through restarts.
// `onDeny="continue"` stores a denial as a row like an approval, and the workflow acts on it.
import { Approval, Sequence, Task, Workflow, approvalDecisionSchema, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers({
  input: z.object({ amount: z.number() }),
  decision: approvalDecisionSchema,
  output: z.object({ paid: z.boolean(), note: z.string().nullable() }),
});

const approval = smithers((ctx) => (
  <Workflow name="approval">
    <Sequence>
      <Approval
        id="release"
        output={outputs.decision}
        onDeny="continue"
        request={{ title: `Pay ${ctx.input.amount} EUR?`, metadata: { amount: ctx.input.amount } }}
      />
      <Task id="pay" output={outputs.output}>
        {() => {
          const { approved, note } = ctx.output(outputs.decision, { nodeId: "release" });
          return { paid: approved, note: note ?? null };
        }}
      </Task>
    </Sequence>
  </Workflow>
));

export function register(gateway) {
  gateway.register("approval", approval);
}
