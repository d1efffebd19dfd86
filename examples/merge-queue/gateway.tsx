/** @jsxImportSource smithers-orchestrator */
// One at a time: a merge queue lets a single task through, before anything else that could start.
import { MergeQueue, Sequence, Task, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers({
  input: z.object({ branches: z.array(z.string()) }),
  merge: z.object({ branch: z.string(), alone: z.boolean() }),
  output: z.object({ merged: z.array(z.string()), neverTwoAtOnce: z.boolean() }),
});

/** Merges under way in this process. */
let busy = 0;

async function merge(branch: string) {
  busy += 1;
  const alone = busy === 1;
  await new Promise((resolve) => setTimeout(resolve, 5));
  busy -= 1;
  return { branch, alone };
}

const mergeQueue = smithers((ctx) => (
  <Workflow name="merge-queue">
    <Sequence>
      <MergeQueue>
        {ctx.input.branches.map((branch) => (
          <Task key={branch} id={`merge-${branch}`} output={outputs.merge}>{() => merge(branch)}</Task>
        ))}
      </MergeQueue>
      <Task id="report" output={outputs.output}>
        {() => {
          const rows = ctx.outputs.merge;
          return { merged: rows.map((row) => row.branch).sort(), neverTwoAtOnce: rows.every((row) => row.alone) };
        }}
      </Task>
    </Sequence>
  </Workflow>
));

export function register(gateway) {
  gateway.register("merge-queue", mergeQueue);
}
