/** @jsxImportSource smithers-orchestrator */
import { Sequence, Task, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers({ r: z.object({ calls: z.number() }) }, { dbPath: process.env.PROBE_DB });

let calls = 0;
const count = () => ({ calls: ++calls });
const strict = z.object({ calls: z.number().max(100) });

export default smithers((ctx) => (
  <Workflow name="cache-misfit">
    <Sequence>
      <Task id="checked" output={outputs.r} outputSchema={ctx.input.strict ? strict : outputs.r} cache={{ key: "one" }}>
        {count}
      </Task>
    </Sequence>
  </Workflow>
));

export const probe = {
  about: "A result that was kept under another schema is not found, although the table has the same columns.",
  steps: [
    { op: "run", runId: "r1", input: { strict: false } },
    { op: "run", runId: "r2", input: { strict: true } },
    { op: "run", runId: "r3", input: { strict: false } },
    { op: "run", runId: "r4", input: { strict: true } },
  ],
};
