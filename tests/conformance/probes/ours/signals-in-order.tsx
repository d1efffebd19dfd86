/** @jsxImportSource smithers-orchestrator */
import { Approval, Sequence, Task, WaitForEvent, Workflow, approvalDecisionSchema, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers(
  { gate: approvalDecisionSchema, evt: z.object({ n: z.number() }), r: z.object({ v: z.string() }) },
  { dbPath: process.env.PROBE_DB },
);

export default smithers(() => (
  <Workflow name="signals-in-order">
    <Sequence>
      <Approval id="gate" output={outputs.gate} request={{ title: "Go on?" }} />
      <WaitForEvent id="first" event="ping" output={outputs.evt} />
      <WaitForEvent id="second" event="ping" output={outputs.evt} />
      <Task id="end" output={outputs.r}>{{ v: "end" }}</Task>
    </Sequence>
  </Workflow>
));

export const probe = {
  about: "Two signals of one name that come before anything waits for them are taken one by one, in their order; each is taken once.",
  steps: [
    { op: "run" },
    { op: "signal", name: "ping", payload: { n: 1 } },
    { op: "signal", name: "ping", payload: { n: 2 } },
    { op: "approve", nodeId: "gate" },
    { op: "wait", status: "finished" },
  ],
};
