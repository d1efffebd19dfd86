/** @jsxImportSource smithers-orchestrator */
// A time limit with a way out: what takes longer than `timeoutMs` fails with TASK_TIMEOUT, its abort signal fires,
// and the workflow goes on without it.
import { Sequence, Task, Workflow, createSmithers, getTaskRuntime } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers({
  input: z.object({ takesMs: z.number() }),
  quote: z.object({ cents: z.number().int() }),
  output: z.object({ cents: z.number().int(), source: z.string() }),
});

const LIST_PRICE = 999;

/** Waits, unless the task is aborted first. */
function pause(ms: number, signal: AbortSignal) {
  return new Promise((resolve, reject) => {
    setTimeout(resolve, ms);
    signal.addEventListener("abort", () => reject(signal.reason));
  });
}

const timeout = smithers((ctx) => (
  <Workflow name="timeout">
    <Sequence>
      <Task id="quote" output={outputs.quote} timeoutMs={200} continueOnFail>
        {async () => {
          await pause(ctx.input.takesMs, getTaskRuntime().signal);
          return { cents: 750 };
        }}
      </Task>
      <Task id="price" output={outputs.output}>
        {() => {
          const quote = ctx.outputMaybe(outputs.quote, { nodeId: "quote" });
          return quote ? { cents: quote.cents, source: "quote" } : { cents: LIST_PRICE, source: "list" };
        }}
      </Task>
    </Sequence>
  </Workflow>
));

export function register(gateway) {
  gateway.register("timeout", timeout);
}
