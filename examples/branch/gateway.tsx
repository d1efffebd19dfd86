/** @jsxImportSource smithers-orchestrator */
// A branch on a result: the condition is a plain expression over what earlier tasks stored,
// and it is evaluated again each time a task ends.
import { Branch, Sequence, Task, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers({
  input: z.object({ errorsPerMinute: z.number() }),
  triage: z.object({ severity: z.enum(["low", "high"]) }),
  output: z.object({ action: z.string() }),
});

const branch = smithers((ctx) => {
  const triage = ctx.outputMaybe(outputs.triage, { nodeId: "triage" });
  return (
    <Workflow name="branch">
      <Sequence>
        <Task id="triage" output={outputs.triage}>
          {() => ({ severity: ctx.input.errorsPerMinute > 100 ? "high" : "low" })}
        </Task>
        {triage ? (
          <Branch
            if={triage.severity === "high"}
            then={<Task id="page" output={outputs.output}>{{ action: "page the engineer on call" }}</Task>}
            else={<Task id="log" output={outputs.output}>{{ action: "write it down" }}</Task>}
          />
        ) : null}
      </Sequence>
    </Workflow>
  );
});

export function register(gateway) {
  gateway.register("branch", branch);
}
