/** @jsxImportSource smithers-orchestrator */
// A budget for tokens: once calls of agents have used it up, reviews that have not begun are left out,
// and the report is made of those that are there.
// This agent answers from a script, so that the example runs without a model; put your own call into `generate`.
import { Aspects, Sequence, Task, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers({
  input: z.object({ files: z.array(z.string()), tokens: z.number().int() }),
  review: z.object({ file: z.string(), fine: z.boolean() }),
  output: z.object({ reviewed: z.array(z.string()) }),
});

const TOKENS_OF_A_CALL = { inputTokens: 800, outputTokens: 200 };

const reviewer = {
  id: "reviewer",
  async generate({ prompt }: { prompt: string }) {
    const [, file] = /Review (\S+)\./.exec(prompt) ?? [];
    return { text: JSON.stringify({ file, fine: true }), usage: TOKENS_OF_A_CALL };
  },
};

const budget = smithers((ctx) => (
  <Workflow name="budget">
    <Sequence>
      <Aspects tokenBudget={{ max: ctx.input.tokens, onExceeded: "skip-remaining" }}>
        <Sequence>
          {ctx.input.files.map((file, index) => (
            <Task key={file} id={`review-${index}`} output={outputs.review} agent={reviewer}>{`Review ${file}.`}</Task>
          ))}
        </Sequence>
      </Aspects>
      <Task id="report" output={outputs.output}>{() => ({ reviewed: ctx.outputs.review.map((row) => row.file) })}</Task>
    </Sequence>
  </Workflow>
));

export function register(gateway) {
  gateway.register("budget", budget);
}
