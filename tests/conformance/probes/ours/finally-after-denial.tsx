/** @jsxImportSource smithers-orchestrator */
import { Approval, Sequence, Task, TryCatchFinally, Workflow, approvalDecisionSchema, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers(
  { gate: approvalDecisionSchema, r: z.object({ v: z.string() }) },
  { dbPath: process.env.PROBE_DB },
);

const does = (id) => <Task id={id} output={outputs.r}>{{ v: id }}</Task>;

export default smithers(() => (
  <Workflow name="finally-after-denial">
    <TryCatchFinally
      id="release"
      try={
        <Sequence>
          <Approval id="gate" output={outputs.gate} request={{ title: "Release?" }} />
          {does("release")}
        </Sequence>
      }
      finally={does("unlock")}
    />
  </Workflow>
));

export const probe = {
  about: "A denied approval is a failure of what is tried: nothing after it runs, what is final does, and the run fails because nothing catches it.",
  steps: [
    { op: "run" },
    { op: "deny", nodeId: "gate" },
    { op: "resume" },
  ],
};
