/** @jsxImportSource smithers-orchestrator */
import { Sequence, Task, WaitForEvent, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers(
  { evt: z.object({ n: z.number() }), r: z.object({ v: z.string() }) },
  { dbPath: process.env.PROBE_DB },
);

export default smithers(() => (
  <Workflow name="async-wait">
    <Sequence>
      <WaitForEvent id="ping" event="ping" output={outputs.evt} async />
      <Task id="beside" output={outputs.r}>{{ v: "beside" }}</Task>
    </Sequence>
  </Workflow>
));

export const probe = {
  about: "The walk passes over an asynchronous wait: what comes after it is done at once, and the run ends with its signal.",
  steps: [
    { op: "run" },
    { op: "signal", name: "ping", payload: { n: 3 } },
    { op: "wait", status: "finished" },
  ],
};
