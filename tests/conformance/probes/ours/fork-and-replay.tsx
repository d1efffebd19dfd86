/** @jsxImportSource smithers-orchestrator */
import { Loop, Sequence, Task, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers(
  { r: z.object({ n: z.number().int() }) },
  { dbPath: process.env.PROBE_DB },
);

export default smithers((ctx) => (
  <Workflow name="fork-and-replay">
    <Sequence>
      <Loop id="passes" until={ctx.outputs.r.length >= 3} maxIterations={9}>
        <Task id="body" output={outputs.r}>{() => ({ n: ctx.outputs.r.length })}</Task>
      </Loop>
    </Sequence>
  </Workflow>
));

export const probe = {
  about: "A copy of a run at a frame is paused and goes on from there when it is resumed; a replay goes on at once; the run stays as it was.",
  show: ["r1", "r2", "r3"],
  steps: [
    { op: "run" },
    { op: "rpc", method: "runs.fork", params: { runId: "r1", frameNo: 3, newRunId: "r2", label: "again" }, show: ["runId"] },
    { op: "rpc", method: "runs.fork", params: { runId: "r1", frameNo: 2, newRunId: "r3", start: true, resetNodes: ["body"] }, show: ["runId"] },
    { op: "runs", count: 2 },
    { op: "rpc", method: "resumeRun", params: { runId: "r2" }, show: ["status"] },
    { op: "runs", count: 3 },
    { op: "rpc", method: "runs.diff", params: { leftRunId: "r1", rightRunId: "r2" }, show: ["nodesChanged", "outputsChanged", "inputChanged"] },
  ],
};
