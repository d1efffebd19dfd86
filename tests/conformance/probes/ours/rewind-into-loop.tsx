/** @jsxImportSource smithers-orchestrator */
import { Loop, Sequence, Task, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers(
  { r: z.object({ n: z.number().int() }) },
  { dbPath: process.env.PROBE_DB },
);

export default smithers((ctx) => (
  <Workflow name="rewind-into-loop">
    <Sequence>
      <Loop id="passes" until={ctx.outputs.r.length >= 3} maxIterations={9}>
        <Task id="body" output={outputs.r}>{() => ({ n: ctx.outputs.r.length })}</Task>
      </Loop>
      <Task id="end" output={outputs.r}>{() => ({ n: ctx.outputs.r.length })}</Task>
    </Sequence>
  </Workflow>
));

export const probe = {
  about: "A run that is taken back into the second pass of a loop does that pass and the next again, and has one log.",
  steps: [
    { op: "run" },
    { op: "rpc", method: "rewindRun", params: { runId: "r1", frameNo: 3, confirm: true }, show: ["ok", "newFrameNo", "deletedFrames", "deletedAttempts"] },
    { op: "wait", status: "finished" },
  ],
};
