/** @jsxImportSource smithers-orchestrator */
import { Sequence, Task, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const row = z.object({
  given: z.string().default("unused"),
  missing: z.string().default("from the schema"),
  nothing: z.string().optional(),
});
const { smithers, outputs } = createSmithers({ row, seen: z.object({ text: z.string() }) }, { dbPath: process.env.PROBE_DB });

export default smithers((ctx) => (
  <Workflow name="output-defaults">
    <Sequence>
      <Task id="static" output={outputs.row}>{{ given: "here" }}</Task>
      <Task id="compute" output={outputs.row}>{async () => ({ given: "here", unknown: 1 })}</Task>
      <Task id="reader" output={outputs.seen}>
        {() => ({ text: JSON.stringify(ctx.output(outputs.row, { nodeId: "compute" })) })}
      </Task>
    </Sequence>
  </Workflow>
));

export const probe = {
  about: "A field that a task leaves out gets the default of its schema; one without a default is null.",
  steps: [{ op: "run" }],
};
