/** @jsxImportSource smithers-orchestrator */
// Components of one's own: a workflow is composed like a page, with props, children, context and memoised values.
import { Parallel, Sequence, Task, Workflow, createSmithers, useCtx } from "smithers-orchestrator";
import { createContext, useContext, useMemo } from "react";
import { z } from "zod";

const { smithers, outputs } = createSmithers({
  input: z.object({ services: z.array(z.string()), environment: z.string().default("staging") }),
  step: z.object({ service: z.string(), step: z.string(), environment: z.string() }),
  output: z.object({ steps: z.number().int() }),
});

const Environment = createContext("local");

/** One step of a release, in whatever environment it is rendered. */
function Step({ service, step }: { service: string; step: string }) {
  const environment = useContext(Environment);
  return <Task id={`${step}-${service}`} output={outputs.step}>{{ service, step, environment }}</Task>;
}

/** Everything that one service needs. */
function Release({ service }: { service: string }) {
  const steps = useMemo(() => ["test", "push", "restart"], []);
  return <Sequence label={service}>{steps.map((step) => <Step key={step} service={service} step={step} />)}</Sequence>;
}

function Summary() {
  const ctx = useCtx();
  return <Task id="summary" output={outputs.output}>{() => ({ steps: ctx.outputs.step.length })}</Task>;
}

const components = smithers((ctx) => (
  <Workflow name="components">
    <Sequence>
      <Environment.Provider value={ctx.input.environment}>
        <Parallel>{ctx.input.services.map((service) => <Release key={service} service={service} />)}</Parallel>
      </Environment.Provider>
      <Summary />
    </Sequence>
  </Workflow>
));

export function register(gateway) {
  gateway.register("components", components);
}
