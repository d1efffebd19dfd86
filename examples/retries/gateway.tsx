/** @jsxImportSource smithers-orchestrator */
// Trying again: a task with `retries` is repeated with growing delays until it succeeds or none is left.
// The number of the attempt is known to the body; a restart in between counts on.
import { Task, Workflow, createSmithers, getTaskRuntime } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers({
  input: z.object({ failures: z.number().int().default(2) }),
  output: z.object({ attempts: z.number().int() }),
});

const retries = smithers((ctx) => (
  <Workflow name="retries">
    <Task id="call" output={outputs.output} retries={3} retryPolicy={{ backoff: "exponential", initialDelayMs: 20 }}>
      {() => {
        const { attempt } = getTaskRuntime();
        if (attempt <= ctx.input.failures) throw new Error(`the service is not up yet (attempt ${attempt})`);
        return { attempts: attempt };
      }}
    </Task>
  </Workflow>
));

export function register(gateway) {
  gateway.register("retries", retries);
}
