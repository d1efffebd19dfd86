// The module of the reference deployment: one small workflow that plans a change, asks a person, and reports.
// Replace it with your own; the gateway loads it at start.
import { createElement as h } from "react";
import { Approval, Sequence, Task, Workflow, approvalDecisionSchema, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers(
  {
    input: z.object({ service: z.string().default("web"), version: z.string().default("1.0.0") }),
    plan: z.object({ steps: z.array(z.string()) }),
    decision: approvalDecisionSchema,
    output: z.object({ released: z.boolean(), service: z.string(), version: z.string() }),
  },
  { readableName: "Change request", description: "Plans a release, waits for an approval, reports." },
);

const changeRequest = smithers((ctx) => {
  const { service, version } = ctx.input;
  const decision = ctx.outputMaybe(outputs.decision, { nodeId: "approve" });
  const plan = { steps: [`drain ${service}`, `install ${version}`, `check ${service}`] };
  const report = () => ({ released: decision.approved, service, version });
  return h(
    Workflow,
    { name: "change-request" },
    h(
      Sequence,
      null,
      h(Task, { id: "plan", output: outputs.plan }, plan),
      h(Approval, {
        id: "approve",
        output: outputs.decision,
        onDeny: "continue",
        request: { title: `Release ${service} ${version}?`, summary: plan.steps.join(", ") },
      }),
      decision ? h(Task, { id: "report", output: outputs.output }, report) : null,
    ),
  );
});

export function register(gateway) {
  gateway.register("change-request", changeRequest);
}
