/** @jsxImportSource smithers-orchestrator */
// A choice: somebody picks one of the options, and the workflow goes on with it.
import { Approval, Sequence, Task, Workflow, approvalSelectionSchema, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers({
  choice: approvalSelectionSchema,
  output: z.object({ deployedTo: z.string() }),
});

const REGIONS = [
  { key: "eu", label: "Europe", summary: "lowest latency for most users" },
  { key: "us", label: "United States" },
];

const approvalSelect = smithers((ctx) => (
  <Workflow name="approval-select">
    <Sequence>
      <Approval id="region" mode="select" options={REGIONS} output={outputs.choice} request={{ title: "Where to?" }} />
      <Task id="deploy" output={outputs.output}>
        {() => ({ deployedTo: ctx.output(outputs.choice, { nodeId: "region" }).selected })}
      </Task>
    </Sequence>
  </Workflow>
));

export function register(gateway) {
  gateway.register("approval-select", approvalSelect);
}
