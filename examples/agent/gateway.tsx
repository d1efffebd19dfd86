/** @jsxImportSource smithers-orchestrator */
// An agent with a structured answer: any object with `generate` is an agent.
// The gateway adds the JSON schema of the output to the prompt, finds the JSON in the answer,
// and asks once more when it does not fit.
// This agent answers from a script, so that the example runs without a model; put your own call into `generate`.
import { Sequence, Task, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers({
  input: z.object({ ticket: z.string() }),
  triage: z.object({ area: z.enum(["billing", "login", "other"]), urgent: z.boolean() }),
  output: z.object({ queue: z.string() }),
});

/** Answers first with prose around the JSON and a wrong area; put right when it is told. */
const triageAgent = {
  id: "triage-agent",
  async generate({ prompt, messages }: { prompt?: string; messages?: unknown[] }) {
    if (messages !== undefined) return { text: '{"area": "billing", "urgent": true}' };
    const urgent = /today|now/i.test(prompt ?? "");
    return { text: `Let me see.\n\`\`\`json\n{"area": "money", "urgent": ${urgent}}\n\`\`\`` };
  },
};

const agent = smithers((ctx) => (
  <Workflow name="agent">
    <Sequence>
      <Task id="triage" output={outputs.triage} agent={triageAgent}>
        {`Sort this ticket: ${ctx.input.ticket}`}
      </Task>
      <Task id="route" output={outputs.output} deps={{ triage: outputs.triage }}>
        {({ triage }) => ({ queue: triage.urgent ? `${triage.area}-now` : triage.area })}
      </Task>
    </Sequence>
  </Workflow>
));

export function register(gateway) {
  gateway.register("agent", agent);
}
