/** @jsxImportSource smithers-orchestrator */
// Waiting for the outside: a Signal waits for its own id and renders what follows with what came.
// `smithers runs signal RUN feedback --data '{"rating": 5}'` sends it; one that comes early is kept and found.
import { Sequence, Signal, Task, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers({
  draft: z.object({ text: z.string() }),
  feedback: z.object({ rating: z.number().int().min(1).max(5), comment: z.string().optional() }),
  output: z.object({ answer: z.string() }),
});

const signal = smithers(() => (
  <Workflow name="signal">
    <Sequence>
      <Task id="draft" output={outputs.draft}>{{ text: "a first draft" }}</Task>
      <Signal id="feedback" schema={outputs.feedback}>
        {(feedback) => (
          <Task id="answer" output={outputs.output}>
            {() => ({ answer: feedback.rating > 3 ? "published" : `rewritten: ${feedback.comment ?? "no word why"}` })}
          </Task>
        )}
      </Signal>
    </Sequence>
  </Workflow>
));

export function register(gateway) {
  gateway.register("signal", signal);
}
