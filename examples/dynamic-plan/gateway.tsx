/** @jsxImportSource smithers-orchestrator */
// A plan made at run time: the first task decides what there is to do, the next frame mounts a task for each step.
import { Sequence, Task, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const step = z.object({ id: z.string(), action: z.string() });

const { smithers, outputs } = createSmithers({
  input: z.object({ from: z.string(), to: z.string() }),
  plan: z.object({ steps: z.array(step) }),
  result: z.object({ did: z.string() }),
  output: z.object({ log: z.array(z.string()) }),
});

/** Versions between two majors, each with a migration of its own. */
function planUpgrade(from: string, to: string) {
  const [first, last] = [from, to].map((version) => Number.parseInt(version, 10));
  const majors = Array.from({ length: Math.max(0, last - first) }, (_, index) => first + index + 1);
  return { steps: majors.map((major) => ({ id: `to-${major}`, action: `migrate to ${major}.0` })) };
}

const dynamicPlan = smithers((ctx) => {
  const plan = ctx.outputMaybe(outputs.plan, { nodeId: "plan" });
  return (
    <Workflow name="dynamic-plan">
      <Sequence>
        <Task id="plan" output={outputs.plan}>{() => planUpgrade(ctx.input.from, ctx.input.to)}</Task>
        {plan?.steps.map(({ id, action }) => (
          <Task key={id} id={id} output={outputs.result}>{() => ({ did: action })}</Task>
        ))}
        {plan ? <Task id="log" output={outputs.output}>{() => ({ log: ctx.outputs.result.map((row) => row.did) })}</Task> : null}
      </Sequence>
    </Workflow>
  );
});

export function register(gateway) {
  gateway.register("dynamic-plan", dynamicPlan);
}
