/** @jsxImportSource smithers-orchestrator */
// A package from npm: run `npm install` in this folder first; the gateway finds it in `node_modules`.
import ms from "ms";
import { Task, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers({
  input: z.object({ duration: z.string() }),
  output: z.object({ milliseconds: z.number().int(), words: z.string() }),
});

const npmDependency = smithers((ctx) => (
  <Workflow name="npm-dependency">
    <Task id="convert" output={outputs.output}>
      {() => {
        const milliseconds = ms(ctx.input.duration);
        return { milliseconds, words: ms(milliseconds, { long: true }) };
      }}
    </Task>
  </Workflow>
));

export function register(gateway) {
  gateway.register("npm-dependency", npmDependency);
}
