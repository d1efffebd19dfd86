/** @jsxImportSource smithers-orchestrator */
// A signature counts for what was signed: with `bind`, a task starts only while the row it rests on is as it was.
// When the plan is made anew with another result after it was signed, `apply` is held (`bound-stale`), and goes on
// with what is there when somebody retries it.
import { Approval, Sequence, Task, Workflow, approvalDecisionSchema, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers({
  input: z.object({ hosts: z.array(z.string()).default(["a.example", "b.example"]) }),
  plan: z.object({ draft: z.number().int(), hosts: z.array(z.string()) }),
  signature: approvalDecisionSchema,
  output: z.object({ applied: z.number().int() }),
});

/** Stands for the world outside, which another plan may find changed. */
let drafts = 0;

const signedPlan = smithers((ctx) => (
  <Workflow name="signed-plan">
    <Sequence>
      <Task id="plan" output={outputs.plan}>{() => ({ draft: ++drafts, hosts: ctx.input.hosts })}</Task>
      <Approval id="sign" output={outputs.signature} request={{ title: "Apply this plan?" }} />
      <Task id="apply" output={outputs.output} bind={ctx.prove(outputs.plan, "plan")}>
        {() => ({ applied: ctx.latest(outputs.plan, "plan").draft })}
      </Task>
    </Sequence>
  </Workflow>
));

export function register(gateway) {
  gateway.register("signed-plan", signedPlan);
}
