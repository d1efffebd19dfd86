/** @jsxImportSource smithers-orchestrator */
// Long work that shows where it is: what a task prints is streamed to everybody who watches,
// heartbeats prove that it lives, and the next attempt is given what the last heartbeat said.
import { Task, Workflow, createSmithers, getTaskRuntime } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers({
  input: z.object({ pages: z.number().int().default(5), failAt: z.number().int().nullable().default(3) }),
  output: z.object({ pages: z.number().int(), resumedAt: z.number().int() }),
});

async function crawl(pages: number, failAt: number | null) {
  const { attempt, heartbeat, lastHeartbeat } = getTaskRuntime();
  const resumedAt = lastHeartbeat?.page ?? 0;
  for (let page = resumedAt + 1; page <= pages; page++) {
    if (attempt === 1 && page === failAt) throw new Error(`the connection broke at page ${page}`);
    console.log(`page ${page} of ${pages}`);
    heartbeat({ page });
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return { pages, resumedAt };
}

const progress = smithers((ctx) => (
  <Workflow name="progress">
    <Task
      id="crawl"
      output={outputs.output}
      heartbeatTimeoutMs={5_000}
      retries={1}
      retryPolicy={{ backoff: "fixed", initialDelayMs: 5 }}
    >
      {() => crawl(ctx.input.pages, ctx.input.failAt)}
    </Task>
  </Workflow>
));

export function register(gateway) {
  gateway.register("progress", progress);
}
