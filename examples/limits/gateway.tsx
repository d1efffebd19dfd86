/** @jsxImportSource smithers-orchestrator */
// Limits and order: of what may start, the highest `priority` starts first,
// and `subtreeConcurrency` bounds how many items are under way, each with all its steps.
// (`maxConcurrency` bounds single tasks: see the example fan-out.)
import { Parallel, Sequence, Task, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers({
  input: z.object({ photos: z.array(z.object({ name: z.string(), urgent: z.boolean().default(false) })) }),
  step: z.object({ photo: z.string(), step: z.string() }),
  output: z.object({ order: z.array(z.string()) }),
});

const limits = smithers((ctx) => (
  <Workflow name="limits">
    <Sequence>
      <Parallel label="fetch">
        {ctx.input.photos.map(({ name, urgent }) => (
          <Task key={name} id={`fetch-${name}`} output={outputs.step} priority={urgent ? 10 : 0}>
            {() => ({ photo: name, step: "fetch" })}
          </Task>
        ))}
      </Parallel>
      <Parallel subtreeConcurrency={1} label="develop">
        {ctx.input.photos.map(({ name }) => (
          <Sequence key={name}>
            <Task id={`crop-${name}`} output={outputs.step}>{() => ({ photo: name, step: "crop" })}</Task>
            <Task id={`tint-${name}`} output={outputs.step}>{() => ({ photo: name, step: "tint" })}</Task>
          </Sequence>
        ))}
      </Parallel>
      <Task id="order" output={outputs.output}>
        {() => ({ order: ctx.outputRows(outputs.step).map(({ payload }) => `${payload.step} ${payload.photo}`) })}
      </Task>
    </Sequence>
  </Workflow>
));

export function register(gateway) {
  gateway.register("limits", limits);
}
