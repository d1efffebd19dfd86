/** @jsxImportSource smithers-orchestrator */
import { Loop, Sequence, Subflow, Task, WaitForEvent, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers(
  { heard: z.object({ n: z.number() }), output: z.object({ n: z.number() }), sum: z.object({ n: z.number() }) },
  { dbPath: process.env.PROBE_DB },
);

const child = smithers((ctx) => (
  <Workflow name="listening">
    <Sequence>
      <Loop id="round" until={ctx.outputs.heard.length >= 3} maxIterations={9} continueAsNewEvery={1}>
        <WaitForEvent id="word" event="word" output={outputs.heard} outputSchema={z.object({ n: z.number() })} />
      </Loop>
      <Task id="sum" output={outputs.sum}>
        {() => ({ n: ctx.outputs.heard.reduce((sum, row) => sum + row.n, 0) })}
      </Task>
    </Sequence>
  </Workflow>
), { output: outputs.sum });

export default smithers(() => (
  <Workflow name="chain-over-restart">
    <Subflow id="sub" workflow={child} output={outputs.output} />
  </Workflow>
));

export const probe = {
  about: "A child goes on as a new run after each signal, and its parent waits for the last of them, also over a restart and a signal to the parent.",
  steps: [
    { op: "run" },
    { op: "signal", runId: "r1:child:sub:0", name: "word", payload: { n: 1 } },
    { op: "wait", runId: "r1:child:sub:0:next:2", status: "waiting-event" },
    { op: "restart", downMs: 100 },
    { op: "rpc", method: "submitSignal", params: { runId: "r1", signalName: "word", payload: { n: 2 } }, show: ["runId"] },
    { op: "wait", runId: "r1:child:sub:0:next:3", status: "waiting-event" },
    { op: "wait", status: "waiting-event" },
    { op: "signal", runId: "r1:child:sub:0:next:3", name: "word", payload: { n: 3 } },
    { op: "wait", status: "finished" },
    { op: "rpc", method: "getNodeOutput", params: { runId: "r1", nodeId: "sub", iteration: 0 }, show: ["row"] },
  ],
  show: ["r1:child:sub:0", "r1:child:sub:0:next:2", "r1:child:sub:0:next:3"],
};
