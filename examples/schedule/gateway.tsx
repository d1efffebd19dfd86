/** @jsxImportSource smithers-orchestrator */
// A report that writes itself: launched on weekdays at eight by the clock of Berlin. What was missed while the gateway
// was down is made up for once, and a report that takes long is not overtaken by the next.
import { Sequence, Task, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers({
  // A schedule launches with an empty input, so every field has a default.
  input: z.object({ days: z.number().int().default(1) }),
  numbers: z.object({ days: z.number(), orders: z.number() }),
  report: z.object({ text: z.string() }),
});

const report = smithers((ctx) => (
  <Workflow name="schedule">
    <Sequence>
      <Task id="count" output={outputs.numbers}>
        {() => ({ days: ctx.input.days, orders: 7 * ctx.input.days })}
      </Task>
      <Task id="write" output={outputs.report} deps={{ count: outputs.numbers }}>
        {({ count }) => ({ text: `${count.orders} orders in ${count.days} day(s)` })}
      </Task>
    </Sequence>
  </Workflow>
));

export function register(gateway) {
  gateway.register("schedule", report, {
    schedule: { pattern: "0 8 * * 1-5", timeZone: "Europe/Berlin", overlap: "skip", catchUp: "one" },
  });
}
