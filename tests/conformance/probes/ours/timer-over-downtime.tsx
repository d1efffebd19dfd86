/** @jsxImportSource smithers-orchestrator */
import { Parallel, Task, Timer, Sequence, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers(
  { r: z.object({ v: z.string() }) },
  { dbPath: process.env.PROBE_DB },
);

export default smithers(() => (
  <Workflow name="timer-over-downtime">
    <Sequence>
      <Parallel>
        <Timer id="one" duration="2s" />
        <Timer id="two" duration="2500ms" />
      </Parallel>
      <Task id="end" output={outputs.r}>{{ v: "end" }}</Task>
    </Sequence>
  </Workflow>
));

export const probe = {
  about: "Timers that become due while the gateway is down fire at the next start, each once.",
  steps: [
    { op: "start" },
    { op: "waitEvent", type: "RunStatusChanged" },
    { op: "restart", downMs: 3000 },
    { op: "wait", status: "finished" },
  ],
};
