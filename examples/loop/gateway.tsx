/** @jsxImportSource smithers-orchestrator */
// A loop that ends when its result is good enough: the body runs again until `until` is true.
// Rows of a loop share their node id and differ in `iteration`; `ctx.latest` reads the newest.
import { Loop, Sequence, Task, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers({
  input: z.object({ of: z.number().positive(), precision: z.number().positive().default(1e-6) }),
  guess: z.object({ root: z.number(), error: z.number() }),
  output: z.object({ root: z.number(), rounds: z.number().int() }),
});

/** One step of Newton's method for a square root. */
function improve(of: number, root: number) {
  const next = (root + of / root) / 2;
  return { root: next, error: Math.abs(next * next - of) };
}

const loop = smithers((ctx) => {
  const newest = ctx.latest(outputs.guess, "guess");
  return (
    <Workflow name="loop">
      <Sequence>
        <Loop id="newton" until={newest !== undefined && newest.error < ctx.input.precision} maxIterations={50}>
          <Task id="guess" output={outputs.guess}>{() => improve(ctx.input.of, newest?.root ?? ctx.input.of)}</Task>
        </Loop>
        <Task id="answer" output={outputs.output}>
          {() => ({
            root: ctx.latest(outputs.guess, "guess").root,
            rounds: ctx.iterationCount(outputs.guess, "guess"),
          })}
        </Task>
      </Sequence>
    </Workflow>
  );
});

export function register(gateway) {
  gateway.register("loop", loop);
}
