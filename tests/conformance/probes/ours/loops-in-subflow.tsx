/** @jsxImportSource smithers-orchestrator */
import { Loop, Sequence, Subflow, Task, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers(
  { step: z.object({ n: z.number() }), output: z.object({ total: z.number() }), got: z.object({ total: z.number() }) },
  { dbPath: process.env.PROBE_DB },
);

const child = smithers((ctx) => (
  <Workflow name="loops-in-child">
    <Sequence>
      <Loop id="inner" until={ctx.outputs.step.length >= 2} maxIterations={3}>
        <Task id="step" output={outputs.step}>{{ n: ctx.input.pass }}</Task>
      </Loop>
      <Task id="sum" output={outputs.output}>
        {() => ({ total: ctx.outputs.step.reduce((sum, row) => sum + row.n, 0) })}
      </Task>
    </Sequence>
  </Workflow>
));

export default smithers((ctx) => (
  <Workflow name="loops-in-subflow">
    <Loop id="outer" until={ctx.outputs.got.length >= 2} maxIterations={3}>
      <Subflow id="sub" workflow={child} input={{ pass: ctx.outputs.got.length + 1 }} output={outputs.got} />
    </Loop>
  </Workflow>
));

export const probe = {
  about: "A loop of subflows has a child run for each pass, whose id names the pass; the loop in each child counts for itself.",
  steps: [
    { op: "run" },
  ],
};
