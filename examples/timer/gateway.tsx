/** @jsxImportSource smithers-orchestrator */
// A reminder: a timer begins while something else is being done, and a second one lets things settle. While only
// timers are left the run is parked: it costs nothing, survives restarts and goes on at its time.
import { Parallel, Sequence, Task, Timer, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers({
  input: z.object({ wait: z.string().default("500ms") }),
  note: z.object({ text: z.string() }),
});

const reminder = smithers((ctx) => (
  <Workflow name="timer">
    <Sequence>
      <Parallel>
        <Timer id="wait" duration={ctx.input.wait} label="Wait before the reminder" />
        <Task id="prepare" output={outputs.note}>
          {() => ({ text: `prepared while ${ctx.input.wait} run` })}
        </Task>
      </Parallel>
      <Task id="remind" output={outputs.note}>
        {() => ({ text: "the time is over" })}
      </Task>
      <Timer id="long-ago" until="2020-01-01T00:00:00Z" />
      <Task id="done" output={outputs.note}>
        {() => ({ text: "a moment that has passed does not wait" })}
      </Task>
    </Sequence>
  </Workflow>
));

export function register(gateway) {
  gateway.register("timer", reminder);
}
