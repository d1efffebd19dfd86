/** @jsxImportSource smithers-orchestrator */
import { Task, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers(
  { r: z.object({ v: z.string() }) },
  { dbPath: process.env.PROBE_DB },
);

let calls = 0;

export default smithers(() => (
  <Workflow name="pause-during-retries">
    <Task id="flaky" output={outputs.r} retries={3} retryPolicy={{ backoff: "fixed", initialDelayMs: 2000 }}>
      {() => {
        calls += 1;
        if (calls < 3) throw new Error(`failure ${calls}`);
        return { v: `call ${calls}` };
      }}
    </Task>
  </Workflow>
));

export const probe = {
  about: "A run that is paused while a task waits for its next attempt does not try again before it is resumed, and goes on counting attempts.",
  steps: [
    { op: "start" },
    { op: "waitEvent", type: "NodeRetrying", nodeId: "flaky" },
    { op: "rpc", method: "pauseRun", params: { runId: "r1" }, show: ["status"] },
    { op: "wait", status: "paused" },
    { op: "sleep", ms: 2500 },
    { op: "wait", status: "paused" },
    { op: "rpc", method: "resumeRun", params: { runId: "r1" }, show: ["status"] },
    { op: "wait", status: "finished" },
  ],
};
