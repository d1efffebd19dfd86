/** @jsxImportSource smithers-orchestrator */
import { Approval, Branch, Task, Timer, WaitForEvent, Workflow, approvalDecisionSchema, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers(
  { evt: z.object({ n: z.number() }), gate: approvalDecisionSchema, r: z.object({ v: z.string() }) },
  { dbPath: process.env.PROBE_DB },
);

const kinds = {
  running: <Task id="work" output={outputs.r}>{() => new Promise(() => {})}</Task>,
  backoff: (
    <Task id="flaky" output={outputs.r} retries={3} retryPolicy={{ backoff: "fixed", initialDelayMs: 60000 }}>
      {() => { throw new Error("no"); }}
    </Task>
  ),
  approval: <Approval id="gate" output={outputs.gate} request={{ title: "Go on?" }} />,
  timer: <Timer id="pause" duration="1h" />,
  event: <WaitForEvent id="ping" event="ping" output={outputs.evt} />,
};

export default smithers((ctx) => <Workflow name="cancel-everywhere">{kinds[ctx.input.kind]}</Workflow>);

export const probe = {
  about: "A run can be cancelled in every state, at once and for good; asking again is harmless, and an ended run is not taken back.",
  steps: [
    { op: "start", runId: "running", input: { kind: "running" } },
    { op: "waitEvent", runId: "running", type: "NodeStarted", nodeId: "work" },
    { op: "rpc", method: "cancelRun", params: { runId: "running" }, show: ["status"] },
    { op: "rpc", method: "cancelRun", params: { runId: "running" }, show: ["status"] },
    { op: "wait", runId: "running", status: "cancelled" },
    { op: "start", runId: "backoff", input: { kind: "backoff" } },
    { op: "waitEvent", runId: "backoff", type: "NodeRetrying", nodeId: "flaky" },
    { op: "rpc", method: "cancelRun", params: { runId: "backoff" }, show: ["status"] },
    { op: "wait", runId: "backoff", status: "cancelled" },
    { op: "run", runId: "approval", input: { kind: "approval" } },
    { op: "rpc", method: "cancelRun", params: { runId: "approval" }, show: ["status"] },
    { op: "approve", runId: "approval", nodeId: "gate" },
    { op: "run", runId: "timer", input: { kind: "timer" } },
    { op: "rpc", method: "cancelRun", params: { runId: "timer" }, show: ["status"] },
    { op: "run", runId: "event", input: { kind: "event" } },
    { op: "rpc", method: "pauseRun", params: { runId: "event" }, show: ["status"] },
    { op: "rpc", method: "cancelRun", params: { runId: "event" }, show: ["status"] },
    { op: "start", runId: "paused", input: { kind: "backoff" } },
    { op: "waitEvent", runId: "paused", type: "NodeRetrying", nodeId: "flaky" },
    { op: "rpc", method: "pauseRun", params: { runId: "paused" }, show: ["status"] },
    { op: "wait", runId: "paused", status: "paused" },
    { op: "rpc", method: "cancelRun", params: { runId: "paused" }, show: ["status"] },
    { op: "rpc", method: "cancelRun", params: { runId: "nobody" } },
  ],
};
