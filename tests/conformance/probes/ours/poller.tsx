/** @jsxImportSource smithers-orchestrator */
import { Poller, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers({ input: z.object({}), poll: z.object({ satisfied: z.boolean() }) }, { dbPath: process.env.PROBE_DB });

export default smithers((ctx) => (
  <Workflow name="poller">
    <Poller check={() => ({ satisfied: ctx.iterationCount(outputs.poll, "poll-check") === 1 })} checkOutput={outputs.poll} intervalMs={3000} backoff="exponential" />
  </Workflow>
));

export const probe = {
  about: "The first look is at once; a timer stands before the second, and the loop ends with the look that is satisfied.",
  steps: [{ op: "run" }, { op: "wait", status: "finished" }],
};
