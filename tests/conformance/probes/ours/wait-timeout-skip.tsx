/** @jsxImportSource smithers-orchestrator */
import { Sequence, Task, WaitForEvent, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers(
  { evt: z.object({ n: z.number() }), r: z.object({ v: z.string() }) },
  { dbPath: process.env.PROBE_DB },
);

export default smithers(() => (
  <Workflow name="wait-timeout-skip">
    <Sequence>
      <WaitForEvent id="ping" event="ping" output={outputs.evt} timeoutMs={2000} onTimeout="skip" />
      <Task id="end" output={outputs.r}>{{ v: "end" }}</Task>
    </Sequence>
  </Workflow>
));

export const probe = {
  about: "The time of a wait ends while its run is parked and the gateway is down: at the next start the node is skipped and the run goes on.",
  steps: [
    { op: "run" },
    { op: "restart", downMs: 2500 },
    { op: "wait", status: "finished" },
  ],
};
