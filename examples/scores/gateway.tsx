/** @jsxImportSource smithers-orchestrator */
// Answers that are scored beside the run: one scorer compares them with what they should have been, one looks at how
// long they took, and one, which could be an expensive judge, looks at every tenth of them.
// This agent answers from a script, so that the example runs without a model; put your own call into `generate`.
import { Parallel, Task, Workflow, createSmithers } from "smithers-orchestrator";
import { createScorer, latencyScorer } from "smithers-orchestrator/scorers";
import { z } from "zod";

const { smithers, outputs } = createSmithers({
  input: z.object({ questions: z.array(z.object({ text: z.string(), answer: z.string() })) }),
  answer: z.object({ text: z.string() }),
});

const writer = {
  id: "writer",
  async generate({ prompt }: { prompt: string }) {
    return { text: JSON.stringify({ text: /capital of France/.test(prompt) ? "Paris" : "I do not know" }) };
  },
};

const exact = createScorer({
  id: "exact",
  name: "Exact match",
  score: ({ output, groundTruth }) => ({ score: output.text === groundTruth ? 1 : 0, reason: `wanted ${groundTruth}` }),
});
const brief = createScorer({ id: "brief", name: "Brevity", score: ({ output }) => Math.max(0, 1 - output.text.length / 100) });

const scores = smithers((ctx) => (
  <Workflow name="scores">
    <Parallel>
      {ctx.input.questions.map(({ text, answer }, index) => (
        <Task
          key={index}
          id={`answer-${index}`}
          output={outputs.answer}
          agent={writer}
          groundTruth={answer}
          scorers={{
            exact: { scorer: exact },
            speed: { scorer: latencyScorer({ targetMs: 2_000, maxMs: 60_000 }) },
            brief: { scorer: brief, sampling: { type: "ratio", rate: 0.1 } },
          }}
        >
          {text}
        </Task>
      ))}
    </Parallel>
  </Workflow>
));

export function register(gateway) {
  gateway.register("scores", scores);
}
