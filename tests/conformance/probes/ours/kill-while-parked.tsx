/** @jsxImportSource smithers-orchestrator */
import { Sequence, Task, Timer, WaitForEvent, Parallel, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers(
  { evt: z.object({ n: z.number() }), r: z.object({ v: z.string() }) },
  { dbPath: process.env.PROBE_DB },
);

export default smithers(() => (
  <Workflow name="kill-while-parked">
    <Sequence>
      <Parallel>
        <Timer id="pause" duration="4s" />
        <WaitForEvent id="ping" event="ping" output={outputs.evt} />
      </Parallel>
      <Task id="end" output={outputs.r}>{{ v: "end" }}</Task>
    </Sequence>
  </Workflow>
));

export const probe = {
  about: "A process that is killed while a run waits for a time and for a signal loses neither.",
  steps: [
    { op: "kill9", afterType: "NodePending", nodeId: "end", extraMs: 100 },
    { op: "signal", name: "ping", payload: { n: 1 } },
    { op: "wait", status: "finished" },
  ],
};
