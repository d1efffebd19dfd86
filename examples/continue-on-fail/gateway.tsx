/** @jsxImportSource smithers-orchestrator */
// Some may fail: `continueOnFail` counts a failed task as done, and the run finishes and names it.
import { Parallel, Sequence, Task, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers({
  input: z.object({ hosts: z.array(z.string()) }),
  check: z.object({ host: z.string(), ok: z.boolean() }),
  output: z.object({ reachable: z.array(z.string()) }),
});

function check(host: string) {
  if (host.endsWith(".invalid")) throw new Error(`${host} does not answer`);
  return { host, ok: true };
}

const continueOnFail = smithers((ctx) => (
  <Workflow name="continue-on-fail">
    <Sequence>
      <Parallel>
        {ctx.input.hosts.map((host) => (
          <Task key={host} id={`check-${host.replaceAll(".", "-")}`} output={outputs.check} continueOnFail>
            {() => check(host)}
          </Task>
        ))}
      </Parallel>
      <Task id="report" output={outputs.output}>
        {() => ({ reachable: ctx.outputs.check.map((row) => row.host).sort() })}
      </Task>
    </Sequence>
  </Workflow>
));

export function register(gateway) {
  gateway.register("continue-on-fail", continueOnFail);
}
