/** @jsxImportSource smithers-orchestrator */
// A failure that stays where it is: with `failurePolicy="quarantine"` what depends on the failed task is skipped,
// and everything else goes on.
import { Parallel, Sequence, Task, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers({
  input: z.object({ broken: z.string().default("web") }),
  build: z.object({ app: z.string() }),
  deploy: z.object({ app: z.string() }),
  output: z.object({ deployed: z.array(z.string()) }),
});

const APPS = ["api", "web", "worker"];

function build(app: string, broken: string) {
  if (app === broken) throw new Error(`${app} does not compile`);
  return { app };
}

const quarantine = smithers((ctx) => (
  <Workflow name="quarantine">
    <Sequence>
      <Parallel failurePolicy="quarantine">
        {APPS.map((app) => (
          <Task key={app} id={`build-${app}`} output={outputs.build} noRetry>{() => build(app, ctx.input.broken)}</Task>
        ))}
        {APPS.map((app) => (
          <Task key={app} id={`deploy-${app}`} output={outputs.deploy} dependsOn={[`build-${app}`]}>{{ app }}</Task>
        ))}
      </Parallel>
      <Task id="report" output={outputs.output}>{() => ({ deployed: ctx.outputs.deploy.map((row) => row.app).sort() })}</Task>
    </Sequence>
  </Workflow>
));

export function register(gateway) {
  gateway.register("quarantine", quarantine);
}
