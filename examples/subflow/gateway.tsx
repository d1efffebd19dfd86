/** @jsxImportSource smithers-orchestrator */
// Workflows inside workflows: each document is reviewed in a run of its own, and the parent sums up what these gave.
// `smithers runs list --json` shows the reviews with the id of their parent; a person decides each in its own run.
import { Approval, Parallel, Sequence, Subflow, Task, Workflow, approvalDecisionSchema, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const parent = createSmithers({
  input: z.object({ documents: z.array(z.string()).default(["a contract", "a letter"]) }),
  reviewed: z.object({ document: z.string(), approved: z.boolean() }),
  output: z.object({ approved: z.array(z.string()) }),
});

const child = createSmithers({
  input: z.object({ document: z.string() }),
  decision: approvalDecisionSchema,
  verdict: z.object({ document: z.string(), approved: z.boolean() }),
});

const review = child.smithers(
  (ctx) => (
    <Workflow name="review">
      <Sequence>
        <Approval id="decide" output={child.outputs.decision} onDeny="continue" request={{ title: `Is ${ctx.input.document} good?` }} />
        <Task id="result" output={child.outputs.verdict} deps={{ decide: child.outputs.decision }}>
          {({ decide }) => ({ document: ctx.input.document, approved: decide.approved })}
        </Task>
      </Sequence>
    </Workflow>
  ),
  { output: child.outputs.verdict },
);

const reviews = parent.smithers((ctx) => (
  <Workflow name="reviews">
    <Sequence>
      <Parallel>
        {ctx.input.documents.map((document, index) => (
          <Subflow id={`review-${index}`} key={index} workflow={review} input={{ document }} output={parent.outputs.reviewed} />
        ))}
      </Parallel>
      <Task id="sum-up" output={parent.outputs.output}>
        {() => ({ approved: ctx.outputs.reviewed.filter((row) => row.approved).map((row) => row.document) })}
      </Task>
    </Sequence>
  </Workflow>
));

export function register(gateway) {
  gateway.register("subflow", reviews);
}
