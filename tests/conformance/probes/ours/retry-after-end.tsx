/** @jsxImportSource smithers-orchestrator */
import { Sequence, Task, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers(
  { r: z.object({ v: z.string() }) },
  { dbPath: process.env.PROBE_DB },
);

let broken = true;

export default smithers(() => (
  <Workflow name="retry-after-end">
    <Sequence>
      <Task id="before" output={outputs.r}>{{ v: "before" }}</Task>
      <Task id="breaks" output={outputs.r}>
        {() => {
          if (!broken) return { v: "mended" };
          broken = false;
          throw new Error("broken");
        }}
      </Task>
      <Task id="after" output={outputs.r}>{{ v: "after" }}</Task>
    </Sequence>
  </Workflow>
));

export const probe = {
  about: "A task of a failed run is done again with what comes after it; what came before stays, and the run has one log.",
  steps: [
    { op: "run" },
    { op: "rpc", method: "retryTask", params: { runId: "r1", nodeId: "breaks" }, show: ["status", "resetNodes"] },
    { op: "wait", status: "finished" },
  ],
};
