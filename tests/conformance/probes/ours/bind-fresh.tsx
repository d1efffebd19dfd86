/** @jsxImportSource smithers-orchestrator */
import { Approval, Sequence, Task, Workflow, approvalDecisionSchema, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers(
  { r: z.object({ v: z.string() }), yes: approvalDecisionSchema },
  { dbPath: process.env.PROBE_DB },
);

export default smithers((ctx) => (
  <Workflow name="bind-fresh">
    <Sequence>
      <Task id="plan" output={outputs.r}>{() => ({ v: "the plan" })}</Task>
      <Approval id="sign" output={outputs.yes} request={{ title: "Ship it?" }} bind={ctx.prove(outputs.r, "plan")} />
      <Task id="ship" output={outputs.r} bind={ctx.prove("r", { nodeId: "plan", iteration: 0 })}>
        {() => ({ v: String(ctx.boundStale("ship")) })}
      </Task>
    </Sequence>
  </Workflow>
));

export const probe = {
  about: "What was signed is done again with the same result: the question and the task that rest on it go on as if nothing had happened.",
  steps: [
    { op: "run" },
    { op: "rpc", method: "retryTask", params: { runId: "r1", nodeId: "plan", resetDependents: false }, show: ["status", "resetNodes"] },
    { op: "wait", status: "waiting-approval" },
    { op: "approve", nodeId: "sign" },
    { op: "wait", status: "finished" },
  ],
};
