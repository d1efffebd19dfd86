/** @jsxImportSource smithers-orchestrator */
import { Approval, Sequence, Subflow, Task, Timer, WaitForEvent, Workflow, approvalDecisionSchema, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers(
  { evt: z.object({ n: z.number() }), gate: approvalDecisionSchema, r: z.object({ v: z.string() }) },
  { dbPath: process.env.PROBE_DB },
);

const part = (name, element) => smithers(() => <Workflow name={name}>{element}</Workflow>, { output: outputs.r });

const parts = {
  done: part("done", <Task id="work" output={outputs.r}>{{ v: "done" }}</Task>),
  running: part("running", <Task id="work" output={outputs.r}>{() => new Promise(() => {})}</Task>),
  backoff: part("backoff", (
    <Task id="flaky" output={outputs.r} retries={3} retryPolicy={{ backoff: "fixed", initialDelayMs: 60000 }}>
      {() => { throw new Error("no"); }}
    </Task>
  )),
  approval: part("approval", <Approval id="gate" output={outputs.gate} request={{ title: "Go on?" }} />),
  timer: part("timer", <Timer id="pause" duration="1h" />),
  event: part("event", <WaitForEvent id="ping" event="ping" output={outputs.evt} />),
};
parts.deep = part("deep", <Subflow id="below" workflow={parts.event} output={outputs.r} />);

export default smithers((ctx) => (
  <Workflow name="cancel-children">
    <Sequence>
      <Subflow id="sub" workflow={parts[ctx.input.kind]} output={outputs.r} />
      <Task id="after" output={outputs.r}>{{ v: "after" }}</Task>
    </Sequence>
  </Workflow>
));

export const probe = {
  about: "The cancel of a run ends its children and theirs, whatever they do or wait for; what a child had given stays.",
  steps: [
    { op: "start", runId: "running", input: { kind: "running" } },
    { op: "waitEvent", runId: "running:child:sub:0", type: "NodeStarted", nodeId: "work" },
    { op: "rpc", method: "cancelRun", params: { runId: "running" }, show: ["status"] },
    { op: "wait", runId: "running:child:sub:0", status: "cancelled" },
    { op: "start", runId: "backoff", input: { kind: "backoff" } },
    { op: "waitEvent", runId: "backoff:child:sub:0", type: "NodeRetrying", nodeId: "flaky" },
    { op: "rpc", method: "cancelRun", params: { runId: "backoff" }, show: ["status"] },
    { op: "wait", runId: "backoff:child:sub:0", status: "cancelled" },
    { op: "run", runId: "approval", input: { kind: "approval" } },
    { op: "rpc", method: "cancelRun", params: { runId: "approval" }, show: ["status"] },
    { op: "wait", runId: "approval:child:sub:0", status: "cancelled" },
    { op: "run", runId: "timer", input: { kind: "timer" } },
    { op: "restart", downMs: 10 },
    { op: "rpc", method: "cancelRun", params: { runId: "timer" }, show: ["status"] },
    { op: "wait", runId: "timer:child:sub:0", status: "cancelled" },
    { op: "run", runId: "deep", input: { kind: "deep" } },
    { op: "rpc", method: "cancelRun", params: { runId: "deep" }, show: ["status"] },
    { op: "wait", runId: "deep:child:sub:0:child:below:0", status: "cancelled" },
    { op: "run", runId: "done", input: { kind: "done" } },
    { op: "rpc", method: "cancelRun", params: { runId: "done" } },
  ],
};
