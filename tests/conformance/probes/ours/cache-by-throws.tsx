/** @jsxImportSource smithers-orchestrator */
import { Sequence, Task, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers({ r: z.object({ calls: z.number() }) }, { dbPath: process.env.PROBE_DB });

const calls: Record<string, number> = {};
const count = (id: string) => () => ({ calls: (calls[id] = (calls[id] ?? 0) + 1) });
const fail = () => {
  throw new Error("no value");
};

export default smithers(() => (
  <Workflow name="cache-by-throws">
    <Sequence>
      <Task id="throws" output={outputs.r} cache={{ by: fail }}>{count("throws")}</Task>
      <Task id="promises" output={outputs.r} cache={{ by: async () => 1 }}>{count("promises")}</Task>
      <Task id="sees" output={outputs.r} needs={{ before: "throws" }} cache={{ by: (c) => ({ n: c.before.calls, loop: c.loop.iteration }) }}>
        {count("sees")}
      </Task>
      <Task id="steady" output={outputs.r} cache={{ by: (c) => c.stepId }}>{count("steady")}</Task>
    </Sequence>
  </Workflow>
));

export const probe = {
  about: "Where `by` throws, or gives a promise, the attempt is not cached and runs as any other; `by` sees the rows of `needs`.",
  steps: [{ op: "run", runId: "r1" }, { op: "run", runId: "r2" }],
};
