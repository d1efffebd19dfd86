/** @jsxImportSource smithers-orchestrator */
import { Approval, Sequence, Task, Workflow, approvalDecisionSchema, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers(
  { r: z.object({ v: z.string() }), yes: approvalDecisionSchema },
  { dbPath: process.env.PROBE_DB },
);
const slow = process.env.PROBE_SLOW === "1";

export default smithers((ctx) => (
  <Workflow name="bind-over-kill">
    <Sequence>
      <Task id="plan" output={outputs.r}>{() => ({ v: slow ? "before the kill" : "after it" })}</Task>
      <Task id="slow" output={outputs.r}>
        {async () => {
          await new Promise((done) => setTimeout(done, slow ? 60_000 : 50));
          return { v: "slow" };
        }}
      </Task>
      <Approval id="sign" output={outputs.yes} request={{ title: "Ship it?" }} />
      <Task id="ship" output={outputs.r} bind={ctx.prove(outputs.r, "plan")}>{() => ({ v: "shipped" })}</Task>
    </Sequence>
  </Workflow>
));

export const probe = {
  about: "The process is killed with SIGKILL after a task was bound, and the row changes in the life after: the task is still bound to what was there before.",
  steps: [
    { op: "kill9", afterType: "NodeStarted", nodeId: "slow", extraMs: 100 },
    { op: "wait", status: "waiting-approval" },
    { op: "rpc", method: "retryTask", params: { runId: "r1", nodeId: "plan", resetDependents: false }, show: ["status", "resetNodes"] },
    { op: "wait", status: "waiting-approval" },
    { op: "approve", nodeId: "sign" },
    { op: "wait", status: "waiting-event" },
    { op: "restart", downMs: 0 },
    { op: "rpc", method: "getRun", params: { runId: "r1" }, show: ["status", "errorJson"] },
    { op: "rpc", method: "rewindRun", params: { runId: "r1", frameNo: 4, confirm: true }, show: ["ok", "newFrameNo"] },
    { op: "wait", status: "waiting-approval" },
  ],
};
