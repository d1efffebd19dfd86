/** @jsxImportSource smithers-orchestrator */
import { Approval, Sequence, Task, Workflow, approvalDecisionSchema, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers(
  { r: z.object({ n: z.number().int() }), yes: approvalDecisionSchema },
  { dbPath: process.env.PROBE_DB },
);

let plans = 0;

export default smithers((ctx) => (
  <Workflow name="bind-stale">
    <Sequence>
      <Task id="plan" output={outputs.r}>{() => ({ n: ++plans })}</Task>
      <Approval id="sign" output={outputs.yes} request={{ title: "Ship it?" }} />
      <Task id="ship" output={outputs.r} bind={[ctx.prove(outputs.r, "plan")]}>
        {() => ({ n: ctx.latest("r", "plan").n * 10 })}
      </Task>
    </Sequence>
    {ctx.boundStale("ship") ? "the plan has changed" : "as planned"}
  </Workflow>
));

export const probe = {
  about: "The plan is made anew while somebody is asked: what was bound to the old one is held, and goes on with the new one when it is retried.",
  steps: [
    { op: "run" },
    { op: "rpc", method: "retryTask", params: { runId: "r1", nodeId: "plan", resetDependents: false }, show: ["status", "resetNodes"] },
    { op: "wait", status: "waiting-approval" },
    { op: "approve", nodeId: "sign" },
    { op: "wait", status: "waiting-event" },
    { op: "rpc", method: "getRun", params: { runId: "r1" }, show: ["status", "errorJson"] },
    { op: "rpc", method: "retryTask", params: { runId: "r1", nodeId: "ship" }, show: ["status", "resetNodes"] },
    { op: "wait", status: "finished" },
  ],
};
