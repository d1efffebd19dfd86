/** @jsxImportSource smithers-orchestrator */
import { Sequence, Task, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers({ r: z.object({ calls: z.number() }) }, { dbPath: process.env.PROBE_DB });

const calls: Record<string, number> = {};
const count = (id: string) => () => ({ calls: (calls[id] = (calls[id] ?? 0) + 1) });

export default smithers(() => (
  <Workflow name="cache-ttl">
    <Sequence>
      <Task id="long" output={outputs.r} cache={{ ttlMs: 600_000 }}>{count("long")}</Task>
      <Task id="short" output={outputs.r} cache={{ ttlMs: 100 }}>{count("short")}</Task>
      <Task id="zero" output={outputs.r} cache={{ ttlMs: 0 }}>{count("zero")}</Task>
      <Task id="bad" output={outputs.r} cache={{ ttlMs: -5 }}>{count("bad")}</Task>
      <Task id="text" output={outputs.r} cache={{ ttlMs: "600000" as unknown as number }}>{count("text")}</Task>
    </Sequence>
  </Workflow>
));

export const probe = {
  about: "A result is good for its ttlMs; nothing is good for 0 ms, and a ttlMs that is none is never good. What has expired is made anew and kept again.",
  steps: [{ op: "run", runId: "r1" }, { op: "sleep", ms: 1500 }, { op: "run", runId: "r2" }],
};
