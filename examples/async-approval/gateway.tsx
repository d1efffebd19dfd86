/** @jsxImportSource smithers-orchestrator */
// Work goes on while somebody is asked: an `async` approval holds up only what depends on it.
import { Approval, Sequence, Task, Workflow, approvalDecisionSchema, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers({
  decision: approvalDecisionSchema,
  step: z.object({ done: z.string() }),
});

const asyncApproval = smithers(() => (
  <Workflow name="async-approval">
    <Sequence>
      <Approval id="announce" async output={outputs.decision} request={{ title: "May we announce it?" }} />
      <Task id="build" output={outputs.step}>{() => ({ done: "built" })}</Task>
      <Task id="post" output={outputs.step} dependsOn={["announce"]}>{() => ({ done: "announced" })}</Task>
    </Sequence>
  </Workflow>
));

export function register(gateway) {
  gateway.register("async-approval", asyncApproval);
}
