/** @jsxImportSource smithers-orchestrator */
import { Sequence, Subflow, Task, Workflow, createSmithers, getTaskRuntime } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers(
  { r: z.object({ v: z.number() }), part: z.object({ v: z.number() }) },
  { dbPath: process.env.PROBE_DB },
);

const child = smithers(() => (
  <Workflow name="subflow-again-child">
    <Sequence>
      <Task id="first" output={outputs.r}>{() => ({ v: getTaskRuntime().attempt })}</Task>
      <Task id="second" output={outputs.part} noRetry>
        {() => {
          if (getTaskRuntime().attempt === 1) throw new Error("not yet");
          return { v: getTaskRuntime().attempt };
        }}
      </Task>
    </Sequence>
  </Workflow>
), { output: outputs.part });

export default smithers(() => (
  <Workflow name="subflow-again">
    <Subflow id="sub" workflow={child} output={outputs.r} retries={1} retryPolicy={{ backoff: "fixed", initialDelayMs: 10 }} />
  </Workflow>
));

export const probe = {
  about: "A retry of a Subflow lets its child go on where it failed, in the same run; retryTask has the child begin from its start.",
  steps: [
    { op: "run" },
    { op: "rpc", method: "retryTask", params: { runId: "r1", nodeId: "sub" }, show: ["status"] },
    { op: "wait", status: "finished" },
  ],
};
