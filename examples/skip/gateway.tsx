/** @jsxImportSource smithers-orchestrator */
// Leaving tasks out: `skipIf` records the task as skipped and goes on with what comes after it.
import { Sequence, Task, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers({
  input: z.object({ dryRun: z.boolean().default(false) }),
  step: z.object({ done: z.string() }),
  output: z.object({ steps: z.array(z.string()) }),
});

const skip = smithers((ctx) => (
  <Workflow name="skip">
    <Sequence>
      <Task id="plan" output={outputs.step}>{{ done: "planned" }}</Task>
      <Task id="apply" output={outputs.step} skipIf={ctx.input.dryRun}>{{ done: "applied" }}</Task>
      <Task id="report" output={outputs.output}>
        {() => ({ steps: ctx.outputs.step.map((row) => row.done) })}
      </Task>
    </Sequence>
  </Workflow>
));

export function register(gateway) {
  gateway.register("skip", skip);
}
