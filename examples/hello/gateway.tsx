/** @jsxImportSource smithers-orchestrator */
// The smallest workflow: one task that stores a row.
import { Task, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers({
  input: z.object({ name: z.string().default("world") }),
  output: z.object({ greeting: z.string() }),
});

const hello = smithers((ctx) => (
  <Workflow name="hello">
    <Task id="greet" output={outputs.output}>{{ greeting: `Hello, ${ctx.input.name}!` }}</Task>
  </Workflow>
));

export function register(gateway) {
  gateway.register("hello", hello);
}
