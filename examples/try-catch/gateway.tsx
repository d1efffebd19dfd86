/** @jsxImportSource smithers-orchestrator */
// A deployment that may fail: `catch` rolls back when it took too long, `finally` opens the door again in any case.
import { Sequence, Task, TryCatchFinally, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers({
  input: z.object({ outcome: z.enum(["fine", "slow", "broken"]).default("slow") }),
  step: z.object({ did: z.string() }),
});

async function deploy(outcome: string) {
  if (outcome === "broken") throw new Error("the image does not start");
  if (outcome === "slow") await new Promise(() => {});
  return { did: "deploy" };
}

const step = (id: string) => <Task id={id} output={outputs.step}>{{ did: id }}</Task>;

const tryCatch = smithers((ctx) => (
  <Workflow name="try-catch">
    <TryCatchFinally
      id="deployment"
      try={
        <Sequence>
          {step("close-the-door")}
          <Task id="deploy" output={outputs.step} timeoutMs={200}>{() => deploy(ctx.input.outcome)}</Task>
        </Sequence>
      }
      catchErrors={["TASK_TIMEOUT"]}
      catch={step("roll-back")}
      finally={step("open-the-door")}
    />
  </Workflow>
));

export function register(gateway) {
  gateway.register("try-catch", tryCatch);
}
