/** @jsxImportSource smithers-orchestrator */
import { Aspects, Sequence, Task, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers(
  { r: z.object({ v: z.string() }) },
  { dbPath: process.env.PROBE_DB },
);

const writer = {
  supportsNativeStructuredOutput: true,
  generate: async () => ({ output: { v: "text" }, usage: { inputTokens: 70, outputTokens: 30 } }),
};

export default smithers(() => (
  <Workflow name="aspect-budget">
    <Sequence>
      <Aspects tokenBudget={{ max: 200, onExceeded: "fail" }} latencySlo={{ maxMs: 3_600_000 }}>
        <Sequence>
          <Task id="first" output={outputs.r} agent={writer}>Write.</Task>
          <Aspects tokenBudget={{ max: 100, onExceeded: "warn" }}>
            <Task id="second" output={outputs.r} agent={writer}>Write on.</Task>
          </Aspects>
          <Task id="third" output={outputs.r} agent={writer}>Write the end.</Task>
        </Sequence>
      </Aspects>
    </Sequence>
  </Workflow>
));

export const probe = {
  about: "Tokens are counted over the tasks of a run: one starts with a warning, the next one fails the run before it calls its agent.",
  steps: [{ op: "run" }],
};
