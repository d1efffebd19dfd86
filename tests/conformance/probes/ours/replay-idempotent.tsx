/** @jsxImportSource smithers-orchestrator */
import { Task, Workflow, createSmithers, getTaskRuntime } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers(
  { paid: z.object({ by: z.number() }) },
  { dbPath: process.env.PROBE_DB },
);

export default smithers(() => (
  <Workflow name="replay-idempotent">
    <Task id="pay" output={outputs.paid} sideEffect={{ idempotent: true }} retries={2} retryPolicy={{ backoff: "fixed" }}>
      {() => {
        const { attempt } = getTaskRuntime();
        if (attempt === 1) throw new Error("the bank did not answer");
        return { by: attempt };
      }}
    </Task>
  </Workflow>
));

export const probe = {
  about: "An effect that may be had twice is repeated without a question.",
  steps: [
    { op: "run" },
  ],
};
