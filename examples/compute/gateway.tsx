/** @jsxImportSource smithers-orchestrator */
// Tasks that compute: a function is the body of a task, and it may be asynchronous.
// The second task reads what the first one stored through `ctx`.
import { Sequence, Task, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers({
  input: z.object({ text: z.string() }),
  words: z.object({ list: z.array(z.string()) }),
  output: z.object({ count: z.number().int(), longest: z.string() }),
});

const compute = smithers((ctx) => (
  <Workflow name="compute">
    <Sequence>
      <Task id="split" output={outputs.words}>
        {async () => ({ list: ctx.input.text.split(/\s+/).filter((word) => word !== "") })}
      </Task>
      <Task id="measure" output={outputs.output}>
        {() => {
          const { list } = ctx.output(outputs.words, { nodeId: "split" });
          const longest = list.reduce((best, word) => (word.length > best.length ? word : best), "");
          return { count: list.length, longest };
        }}
      </Task>
    </Sequence>
  </Workflow>
));

export function register(gateway) {
  gateway.register("compute", compute);
}
