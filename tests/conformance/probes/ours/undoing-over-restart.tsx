/** @jsxImportSource smithers-orchestrator */
import { Saga, Task, Timer, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers(
  { r: z.object({ v: z.string() }) },
  { dbPath: process.env.PROBE_DB },
);

const does = (id) => <Task id={id} output={outputs.r}>{{ v: id }}</Task>;

export default smithers(() => (
  <Workflow name="undoing-over-restart">
    <Saga id="booking" onCancel="compensate" cancelTimeoutMs={6000}>
      <Saga.Step id="flight" compensation={does("undo-flight")}>{does("flight")}</Saga.Step>
      <Saga.Step
        id="hotel"
        compensation={<Task id="undo-hotel" output={outputs.r}>{() => new Promise(() => {})}</Task>}
      >
        {does("hotel")}
      </Saga.Step>
    </Saga>
    <Timer id="later" duration="1h" />
  </Workflow>
));

export const probe = {
  about: "A cancelled run that does not come to the end of its compensations in the time they have ends cancelled all the same, over a restart, and says what is left.",
  steps: [
    { op: "run" },
    { op: "rpc", method: "cancelRun", params: { runId: "r1" }, show: ["status"] },
    { op: "waitEvent", type: "NodeStarted", nodeId: "undo-hotel" },
    { op: "restart" },
    { op: "wait", status: "cancelled" },
  ],
};
