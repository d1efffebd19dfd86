/** @jsxImportSource smithers-orchestrator */
import { Sequence, Task, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers({ r: z.object({ calls: z.number() }) }, { dbPath: process.env.PROBE_DB });

const calls: Record<string, number> = {};
const count = (id: string) => () => ({ calls: (calls[id] = (calls[id] ?? 0) + 1) });

export default smithers((ctx) => (
  <Workflow name="cache-version">
    <Sequence>
      <Task id="versioned" output={outputs.r} cache={{ version: String(ctx.input.v) }}>{count("versioned")}</Task>
      <Task id="first" output={outputs.r} cache={{ key: "shared" }}>{count("shared")}</Task>
      <Task id="second" output={outputs.r} cache={{ key: "shared" }}>{count("shared")}</Task>
      <Task id="worded" output={outputs.r} cache={{}} agent={{ id: "a", generate: async () => ({ output: count("worded")() }) }}>
        {`Say ${ctx.input.word}`}
      </Task>
      <Task
        id="policy"
        output={outputs.r}
        cache={{ keyIncludes: "policy-only" }}
        agent={{ id: "a", generate: async () => ({ output: count("policy")() }) }}
      >
        {`Say ${ctx.input.word}`}
      </Task>
    </Sequence>
  </Workflow>
));

export const probe = {
  about: "Another version is another result, tasks with the same key share one, and another prompt is another result unless the policy leaves it out.",
  steps: [
    { op: "run", runId: "r1", input: { v: 1, word: "yes" } },
    { op: "run", runId: "r2", input: { v: 2, word: "no" } },
    { op: "run", runId: "r3", input: { v: 1, word: "yes" } },
  ],
};
