/** @jsxImportSource smithers-orchestrator */
import { EscalationChain, Workflow, approvalDecisionSchema, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers(
  {
    input: z.object({}),
    answer: z.object({ ok: z.boolean() }),
    step: z.object({ escalated: z.boolean(), fromLevel: z.number(), toLevel: z.number() }),
    person: approvalDecisionSchema,
  },
  { dbPath: process.env.PROBE_DB },
);

const broken = {
  generate: async () => {
    throw Object.assign(new Error("no"), { details: { failureRetryable: false } });
  },
};
const unable = { generate: async () => ({ output: { ok: false } }) };

export default smithers(() => (
  <Workflow name="escalation-chain">
    <EscalationChain
      id="e"
      levels={[{ agent: broken, output: outputs.answer }, { agent: unable, output: outputs.answer }]}
      escalationOutput={outputs.step}
      humanFallback
      humanOutput={outputs.person}
    >
      Do it.
    </EscalationChain>
  </Workflow>
));

export const probe = {
  about: "A level that fails and one that is not ok escalate; a person is asked at last, over a restart, and a no does not fail the run.",
  steps: [
    { op: "run" },
    { op: "restart" },
    { op: "rpc", method: "submitApproval", params: { runId: "r1", nodeId: "e-human-fallback", approved: false }, show: ["approved"] },
    { op: "wait", status: "finished" },
  ],
};
