/** @jsxImportSource smithers-orchestrator */
// A task that a person does: the answer is JSON in the note of the decision, and must fit the schema. One that does not
// is refused with the reason, and the task goes on waiting.
// `smithers approvals approve RUN review --note '{"verdict": "ship", "score": 4}'`
import { HumanTask, Sequence, Task, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers({
  review: z.object({ verdict: z.enum(["ship", "wait"]), score: z.number().int().min(1).max(5) }),
  output: z.object({ shipped: z.boolean() }),
});

const humanTask = smithers((ctx) => (
  <Workflow name="human-task">
    <Sequence>
      <HumanTask id="review" output={outputs.review} prompt="Read the release notes. Do we ship?" />
      <Task id="ship" output={outputs.output}>
        {() => ({ shipped: ctx.output(outputs.review, { nodeId: "review" }).verdict === "ship" })}
      </Task>
    </Sequence>
  </Workflow>
));

export function register(gateway) {
  gateway.register("human-task", humanTask);
}
