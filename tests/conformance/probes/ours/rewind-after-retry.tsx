/** @jsxImportSource smithers-orchestrator */
import { Sequence, Task, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers(
  { r: z.object({ n: z.number().int() }) },
  { dbPath: process.env.PROBE_DB },
);

let calls = 0;

export default smithers(() => (
  <Workflow name="rewind-after-retry">
    <Sequence>
      <Task id="before" output={outputs.r}>{{ n: 0 }}</Task>
      <Task id="counts" output={outputs.r}>{() => ({ n: ++calls })}</Task>
    </Sequence>
  </Workflow>
));

export const probe = {
  about: "A row that a retry has undone is there again when the run is taken back to a frame that knew it.",
  steps: [
    { op: "run" },
    { op: "rpc", method: "retryTask", params: { runId: "r1", nodeId: "counts" }, show: ["status", "resetNodes"] },
    { op: "wait", status: "finished" },
    { op: "rpc", method: "rewindRun", params: { runId: "r1", frameNo: 3, confirm: true }, show: ["ok", "newFrameNo"] },
    { op: "wait", status: "finished" },
  ],
};
