/** @jsxImportSource smithers-orchestrator */
import { Task, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers({ r: z.object({ calls: z.number() }) }, { dbPath: process.env.PROBE_DB });

let calls = 0;

async function slow() {
  const mine = ++calls;
  await new Promise((resolve) => setTimeout(resolve, 3000));
  if (mine === 1) throw new Error("the first one fails");
  return { calls: mine };
}

export default smithers(() => (
  <Workflow name="cache-flight-fails">
    <Task id="slow" output={outputs.r} continueOnFail cache={{ version: "1" }}>{slow}</Task>
  </Workflow>
));

export const probe = {
  about: "A run that waits for the result of another one makes it itself when the other has failed.",
  steps: [
    { op: "start", runId: "r1" },
    { op: "waitEvent", runId: "r1", type: "NodeStarted", nodeId: "slow" },
    { op: "sleep", ms: 500 },
    { op: "start", runId: "r2" },
    { op: "runs", count: 2 },
  ],
};
