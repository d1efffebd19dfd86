/** @jsxImportSource smithers-orchestrator */
// Permission for one task: `needsApproval` asks before the body runs, without a row for the decision.
import { Sequence, Task, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers({
  backup: z.object({ file: z.string() }),
  output: z.object({ migrated: z.boolean() }),
});

const gatedTask = smithers(() => (
  <Workflow name="gated-task">
    <Sequence>
      <Task id="backup" output={outputs.backup}>{{ file: "before.sql" }}</Task>
      <Task id="migrate" output={outputs.output} needsApproval label="Migrate the database">
        {() => ({ migrated: true })}
      </Task>
    </Sequence>
  </Workflow>
));

export function register(gateway) {
  gateway.register("gated-task", gatedTask);
}
