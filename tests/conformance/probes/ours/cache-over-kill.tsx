/** @jsxImportSource smithers-orchestrator */
import { Sequence, Task, Timer, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers({ r: z.object({ calls: z.number() }) }, { dbPath: process.env.PROBE_DB });

// Counts from 1 again in each process.
let calls = 0;
const count = () => ({ calls: ++calls });

export default smithers(() => (
  <Workflow name="cache-over-kill">
    <Sequence>
      <Task id="kept" output={outputs.r} cache={{ version: "1" }}>{count}</Task>
      <Timer id="pause" duration="4s" />
      <Task id="again" output={outputs.r} cache={{ key: "kept", version: "1" }}>{count}</Task>
      <Task id="fresh" output={outputs.r}>{count}</Task>
    </Sequence>
  </Workflow>
));

export const probe = {
  about: "What was kept outlives a process that is killed, and is found by the next one.",
  steps: [
    { op: "kill9", afterType: "NodeFinished", nodeId: "kept", extraMs: 300 },
    { op: "wait", status: "finished" },
  ],
};
