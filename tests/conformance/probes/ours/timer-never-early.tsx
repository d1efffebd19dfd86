/** @jsxImportSource smithers-orchestrator */
import { Sequence, Task, Timer, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers(
  { began: z.object({ at: z.string() }), r: z.object({ v: z.string() }) },
  { dbPath: process.env.PROBE_DB },
);

export default smithers((ctx) => (
  <Workflow name="timer-never-early">
    <Sequence>
      <Task id="begin" output={outputs.began}>{() => ({ at: new Date().toISOString() })}</Task>
      <Timer id="pause" duration="700ms" />
      <Task id="end" output={outputs.r} deps={{ begin: outputs.began }}>
        {(d) => ({ v: Date.now() - Date.parse(d.begin.at) >= 700 ? "in time" : "early" })}
      </Task>
    </Sequence>
  </Workflow>
));

export const probe = {
  about: "A timer begins when its turn comes, ends by itself, and never before its time.",
  steps: [
    { op: "start" },
    { op: "wait", status: "finished" },
  ],
};
