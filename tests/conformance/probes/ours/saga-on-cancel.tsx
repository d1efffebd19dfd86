/** @jsxImportSource smithers-orchestrator */
import { Approval, Saga, Task, Workflow, approvalDecisionSchema, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers(
  { gate: approvalDecisionSchema, r: z.object({ v: z.string() }) },
  { dbPath: process.env.PROBE_DB },
);

const does = (id) => <Task id={id} output={outputs.r}>{{ v: id }}</Task>;

export default smithers((ctx) => (
  <Workflow name="saga-on-cancel">
    <Saga id="booking" onCancel={ctx.input.onCancel}>
      <Saga.Step id="flight" compensation={does("undo-flight")}>{does("flight")}</Saga.Step>
      <Saga.Step id="hotel" compensation={does("undo-hotel")}>{does("hotel")}</Saga.Step>
      <Saga.Step id="confirm" compensation={does("undo-confirm")}>
        <Approval id="gate" output={outputs.gate} request={{ title: "Travel?" }} />
      </Saga.Step>
    </Saga>
  </Workflow>
));

export const probe = {
  about: "A run that is cancelled while it waits undoes what it did, when its saga asks for that, and ends cancelled; without that it ends at once.",
  steps: [
    { op: "run", runId: "asked", input: { onCancel: "compensate" } },
    { op: "rpc", method: "cancelRun", params: { runId: "asked" }, show: ["won"] },
    { op: "wait", runId: "asked", status: "cancelled" },
    { op: "rpc", method: "cancelRun", params: { runId: "asked" }, show: ["status", "won"] },
    { op: "run", runId: "plain", input: { onCancel: "none" } },
    { op: "rpc", method: "cancelRun", params: { runId: "plain" }, show: ["status", "won"] },
  ],
};
