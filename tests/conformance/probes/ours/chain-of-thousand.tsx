/** @jsxImportSource smithers-orchestrator */
import { ContinueAsNew, Sequence, Task, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers(
  { input: z.object({ links: z.number() }), first: z.object({ n: z.number() }), told: z.object({ count: z.number(), depth: z.number() }) },
  { dbPath: process.env.PROBE_DB },
);

export default smithers((ctx) => {
  const count = ctx.continuation?.payload.count ?? 1;
  return (
    <Workflow name="chain-of-thousand">
      <Sequence>
        <Task id="first" output={outputs.first}>{{ n: count }}</Task>
        {count < ctx.input.links && <ContinueAsNew state={{ count: count + 1 }} />}
        <Task id="told" output={outputs.told}>{() => ({ count, depth: ctx.continuation.depth })}</Task>
      </Sequence>
    </Workflow>
  );
});

export const probe = {
  about: "A run goes on as a new one 999 times: each run has what the one before handed to it, the input and the rows, and what was done is not done again.",
  steps: [
    { op: "start", input: { links: 1000 } },
    { op: "wait", runId: "r1:next:1000", status: "finished" },
    { op: "rpc", method: "getRun", params: { runId: "r1:next:500" }, show: ["status", "parentRunId", "nextRunId"] },
  ],
  show: ["r1", "r1:next:2", "r1:next:1000"],
};
