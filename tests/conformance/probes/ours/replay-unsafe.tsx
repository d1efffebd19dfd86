/** @jsxImportSource smithers-orchestrator */
import { Task, Workflow, createSmithers, getTaskRuntime } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers(
  { paid: z.object({ by: z.number() }) },
  { dbPath: process.env.PROBE_DB },
);

export default smithers(() => (
  <Workflow name="replay-unsafe">
    <Task id="pay" output={outputs.paid} sideEffect retries={2} retryPolicy={{ backoff: "fixed" }}>
      {() => {
        const { attempt } = getTaskRuntime();
        if (attempt === 1) throw new Error("the bank did not answer");
        return { by: attempt };
      }}
    </Task>
    <Task id="ship" output={outputs.paid} sideEffect continueOnFail retries={2} retryPolicy={{ backoff: "fixed" }}>
      {() => {
        throw new Error("the carrier did not answer");
      }}
    </Task>
  </Workflow>
));

export const probe = {
  about: "A task whose effect must not be had twice waits for a yes before its second attempt, and fails without a third when the answer is no.",
  steps: [
    { op: "run" },
    { op: "approve", nodeId: "pay", note: "it was not paid" },
    { op: "wait", status: "waiting-approval" },
    { op: "deny", nodeId: "ship" },
    { op: "wait", status: "finished" },
  ],
};
