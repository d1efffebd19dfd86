/** @jsxImportSource smithers-orchestrator */
import { Approval, Sequence, Signal, Task, Workflow, approvalDecisionSchema, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers(
  { r: z.object({ v: z.string() }), said: z.object({ n: z.number() }), gate: approvalDecisionSchema },
  { dbPath: process.env.PROBE_DB },
);

export default smithers(() => (
  <Workflow name="early-signal">
    <Sequence>
      <Approval id="gate" output={outputs.gate} request={{ title: "Go on?" }} />
      <Signal id="said" schema={outputs.said}>
        {(data) => <Task id="heard" output={outputs.r}>{{ v: `heard ${data.n}` }}</Task>}
      </Signal>
    </Sequence>
  </Workflow>
));

export const probe = {
  about: "A signal that comes before anything waits for it, and before a restart, is kept and found at once when its turn comes.",
  steps: [
    { op: "run" },
    { op: "signal", name: "said", payload: { n: 7 } },
    { op: "restart" },
    { op: "approve", nodeId: "gate" },
    { op: "wait", status: "finished" },
  ],
};
