/** @jsxImportSource smithers-orchestrator */
import { Task, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers(
  { paid: z.object({ by: z.number() }) },
  { dbPath: process.env.PROBE_DB },
);
const slow = process.env.PROBE_SLOW === "1";

export default smithers(() => (
  <Workflow name="effect-over-kill">
    <Task id="pay" output={outputs.paid} sideEffect>
      {async () => {
        await new Promise((done) => setTimeout(done, slow ? 60_000 : 50));
        return { by: 2 };
      }}
    </Task>
  </Workflow>
));

export const probe = {
  about: "The process is killed with SIGKILL while a task has an effect: the effect is unknown, and the next start asks before the task is done again.",
  steps: [
    { op: "kill9", afterType: "NodeStarted", nodeId: "pay", extraMs: 100 },
    { op: "wait", status: "waiting-approval" },
    { op: "approve", nodeId: "pay" },
    { op: "wait", status: "finished" },
  ],
};
