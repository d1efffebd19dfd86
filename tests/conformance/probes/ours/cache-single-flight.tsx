/** @jsxImportSource smithers-orchestrator */
import { Task, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers({ r: z.object({ calls: z.number() }) }, { dbPath: process.env.PROBE_DB });

let calls = 0;

async function slow() {
  const mine = ++calls;
  await new Promise((resolve) => setTimeout(resolve, 4000));
  return { calls: mine };
}

export default smithers(() => (
  <Workflow name="cache-single-flight">
    <Task id="slow" output={outputs.r} cache={{ scope: "global", version: "1" }}>{slow}</Task>
  </Workflow>
));

export const probe = {
  about: "Of runs that need the same result at the same time one makes it; the others wait for it and take it.",
  steps: [
    { op: "start", runId: "r1" },
    { op: "waitEvent", runId: "r1", type: "NodeStarted", nodeId: "slow" },
    { op: "sleep", ms: 500 },
    { op: "start", runId: "r2" },
    { op: "start", runId: "r3" },
    { op: "runs", count: 3 },
  ],
};
