/** @jsxImportSource smithers-orchestrator */
// Poller: looks whether a build is done, with growing pauses. The run costs nothing while it waits.
import { Poller, Sequence, Task, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers({
  input: z.object({ doneAfter: z.number().int().default(2) }),
  poll: z.object({ satisfied: z.boolean(), looks: z.number().int() }),
  report: z.object({ looks: z.number().int() }),
});

const poller = smithers((ctx) => (
  <Workflow name="poller">
    <Sequence>
      <Poller
        check={() => {
          const looks = ctx.iterationCount(outputs.poll, "poll-check") + 1;
          return { satisfied: looks > ctx.input.doneAfter, looks };
        }}
        checkOutput={outputs.poll}
        intervalMs={20}
        backoff="linear"
        maxAttempts={5}
      />
      <Task id="report" output={outputs.report}>
        {() => ({ looks: ctx.latest(outputs.poll, "poll-check").looks })}
      </Task>
    </Sequence>
  </Workflow>
));

export function register(gateway) {
  gateway.register("poller", poller);
}
