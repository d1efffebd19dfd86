/** @jsxImportSource smithers-orchestrator */
// A loop that may not succeed: `maxIterations` bounds it, and `onMaxReached` says what the limit means.
// "return-last" goes on with the last result, "fail" fails the run with RALPH_MAX_REACHED.
import { Loop, Sequence, Task, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers({
  input: z.object({ readyAfter: z.number().int(), strict: z.boolean().default(false) }),
  probe: z.object({ ready: z.boolean(), attempt: z.number().int() }),
  output: z.object({ ready: z.boolean(), probes: z.number().int() }),
});

const loopLimit = smithers((ctx) => {
  const newest = ctx.latest(outputs.probe, "probe");
  return (
    <Workflow name="loop-limit">
      <Sequence>
        <Loop id="wait" until={newest?.ready === true} maxIterations={3} onMaxReached={ctx.input.strict ? "fail" : "return-last"}>
          <Task id="probe" output={outputs.probe}>
            {() => ({ ready: ctx.iteration >= ctx.input.readyAfter, attempt: ctx.iteration + 1 })}
          </Task>
        </Loop>
        <Task id="report" output={outputs.output}>
          {() => {
            const { ready, attempt } = ctx.latest(outputs.probe, "probe");
            return { ready, probes: attempt };
          }}
        </Task>
      </Sequence>
    </Workflow>
  );
});

export function register(gateway) {
  gateway.register("loop-limit", loopLimit);
}
