/** @jsxImportSource smithers-orchestrator */
// Write, review, write again: two agents in a loop until the reviewer is content or the rounds are used up.
import { Loop, Sequence, Task, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers({
  input: z.object({ topic: z.string(), maxWords: z.number().int().default(6) }),
  draft: z.object({ text: z.string() }),
  review: z.object({ approved: z.boolean(), feedback: z.string() }),
  output: z.object({ text: z.string(), rounds: z.number().int() }),
});

/** Writes a long sentence at first, a shorter one each time it is told to. */
const writer = {
  id: "writer",
  async generate({ prompt }: { prompt: string }) {
    const rounds = (prompt.match(/too long/g) ?? []).length;
    const words = "durable workflows remember every step and go on after a crash".split(" ");
    return { output: { text: words.slice(0, words.length - 3 * rounds).join(" ") } };
  },
};

const reviewer = (maxWords: number) => ({
  id: "reviewer",
  async generate({ prompt }: { prompt: string }) {
    const [, text] = /Draft: (.*)/.exec(prompt) ?? [];
    const approved = text.split(" ").length <= maxWords;
    return { output: { approved, feedback: approved ? "fine" : "too long" } };
  },
});

const reviewLoop = smithers((ctx) => {
  const draft = ctx.latest(outputs.draft, "write");
  const review = ctx.latest(outputs.review, "review");
  const feedback = ctx.outputs.review.map((row) => row.feedback).join("; ");
  return (
    <Workflow name="review-loop">
      <Sequence>
        <Loop id="rounds" until={review?.approved === true} maxIterations={5}>
          <Sequence>
            <Task id="write" output={outputs.draft} agent={writer}>
              {`Write one sentence about ${ctx.input.topic}. Feedback so far: ${feedback || "none"}`}
            </Task>
            <Task id="review" output={outputs.review} agent={reviewer(ctx.input.maxWords)} deps={{ write: outputs.draft }}>
              {({ write }) => `Draft: ${write.text}`}
            </Task>
          </Sequence>
        </Loop>
        <Task id="publish" output={outputs.output}>
          {() => ({ text: draft.text, rounds: ctx.iterationCount(outputs.draft, "write") })}
        </Task>
      </Sequence>
    </Workflow>
  );
});

export function register(gateway) {
  gateway.register("review-loop", reviewLoop);
}
