/** @jsxImportSource smithers-orchestrator */
import { HumanTask, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers(
  { review: z.object({ score: z.number().int().max(5) }) },
  { dbPath: process.env.PROBE_DB },
);

export default smithers(() => (
  <Workflow name="human-over-restart">
    <HumanTask id="review" output={outputs.review} prompt="How good is it?" />
  </Workflow>
));

export const probe = {
  about: "A task for people waits over a restart, refuses an answer that does not fit, and takes the next one.",
  steps: [
    { op: "run" },
    { op: "restart" },
    { op: "rpc", method: "submitApproval", params: { runId: "r1", nodeId: "review", approved: true, note: "{\"score\": 9}" } },
    { op: "rpc", method: "submitApproval", params: { runId: "r1", nodeId: "review", approved: true, note: "{\"score\": 4}" }, show: ["approved"] },
    { op: "wait", status: "finished" },
  ],
};
