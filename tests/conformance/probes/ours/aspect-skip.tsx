/** @jsxImportSource smithers-orchestrator */
import { Aspects, Sequence, Task, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers(
  { r: z.object({ v: z.string() }) },
  { dbPath: process.env.PROBE_DB },
);
const slow = process.env.PROBE_SLOW === "1";

const writer = {
  supportsNativeStructuredOutput: true,
  generate: async () => ({ output: { v: "text" }, usage: { inputTokens: 70, outputTokens: 30 } }),
};

export default smithers((ctx) => (
  <Workflow name="aspect-skip">
    <Sequence>
      <Aspects tokenBudget={{ max: 100, onExceeded: "skip-remaining" }}>
        <Sequence>
          <Task id="first" output={outputs.r} agent={writer}>Write.</Task>
        </Sequence>
      </Aspects>
      <Task id="slow" output={outputs.r}>
        {async () => {
          await new Promise((done) => setTimeout(done, slow ? 60_000 : 50));
          return { v: "slow" };
        }}
      </Task>
      <Aspects tokenBudget={{ max: 100, onExceeded: "skip-remaining" }}>
        <Task id="second" output={outputs.r} agent={writer}>Write on.</Task>
        <Task id="note" output={outputs.r}>{{ v: "note" }}</Task>
      </Aspects>
      <Task id="report" output={outputs.r}>{() => ({ v: String(ctx.outputs.r.length) })}</Task>
    </Sequence>
  </Workflow>
));

export const probe = {
  about: "The process is killed after the budget was used up: what was used is known in the life after, tasks inside are left out, and others are not.",
  steps: [
    { op: "kill9", afterType: "NodeStarted", nodeId: "slow", extraMs: 100 },
    { op: "wait", status: "finished" },
  ],
};
