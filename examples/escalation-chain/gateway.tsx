/** @jsxImportSource smithers-orchestrator */
// EscalationChain: a small agent tries, then a large one, and at last a person is asked.
import { EscalationChain, Workflow, approvalDecisionSchema, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers({
  input: z.object({ ticket: z.string() }),
  answer: z.object({ ok: z.boolean(), text: z.string() }),
  step: z.object({ escalated: z.boolean(), fromLevel: z.number().int(), toLevel: z.number().int() }),
  person: approvalDecisionSchema,
});

/** Can answer tickets that hold one of its words. */
const knows = (id: string, words: string[]) => ({
  id,
  async generate({ prompt }: { prompt: string }) {
    const word = words.find((known) => prompt.includes(known));
    return { output: word === undefined ? { ok: false, text: "I do not know" } : { ok: true, text: `${id} can help with the ${word}` } };
  },
});

const escalation = smithers((ctx) => (
  <Workflow name="escalation-chain">
    <EscalationChain
      levels={[
        { agent: knows("small", ["password"]), output: outputs.answer, label: "Small" },
        { agent: knows("large", ["password", "invoice"]), output: outputs.answer, label: "Large" },
      ]}
      escalationOutput={outputs.step}
      humanFallback
      humanOutput={outputs.person}
      humanRequest={{ title: `Take over: ${ctx.input.ticket}?` }}
    >
      {ctx.input.ticket}
    </EscalationChain>
  </Workflow>
));

export function register(gateway) {
  gateway.register("escalation-chain", escalation);
}
