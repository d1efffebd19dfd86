/** @jsxImportSource smithers-orchestrator */
// Waiting for an event that may never come: the correlation tells which deployment is meant, and when the time is over
// the row says so instead of ending the run.
import { Sequence, Task, WaitForEvent, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers({
  input: z.object({ environment: z.string(), patienceMs: z.number().default(60000) }),
  deployed: z.object({ kind: z.enum(["signal", "timeout"]), payload: z.object({ sha: z.string() }).optional() }),
  output: z.object({ report: z.string() }),
});

const waitForEvent = smithers((ctx) => (
  <Workflow name="wait-for-event">
    <Sequence>
      <WaitForEvent
        id="deployed"
        event="deploy.done"
        correlationId={ctx.input.environment}
        output={outputs.deployed}
        timeoutMs={ctx.input.patienceMs}
        onTimeout="continue"
        tagged
      />
      <Task id="report" output={outputs.output}>
        {() => {
          const { kind, payload } = ctx.output(outputs.deployed, { nodeId: "deployed" });
          return { report: kind === "timeout" ? "nobody said that it is there" : `${payload.sha} is there` };
        }}
      </Task>
    </Sequence>
  </Workflow>
));

export function register(gateway) {
  gateway.register("wait-for-event", waitForEvent);
}
