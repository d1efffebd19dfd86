/** @jsxImportSource smithers-orchestrator */
import { Parallel, Sequence, Task, WaitForEvent, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers(
  { evt: z.object({ n: z.number() }), r: z.object({ v: z.string() }) },
  { dbPath: process.env.PROBE_DB },
);

export default smithers(() => (
  <Workflow name="wait-beside-work">
    <Parallel>
      <Task id="work" output={outputs.r}>
        {async () => {
          await new Promise((done) => setTimeout(done, 3000));
          return { v: "worked" };
        }}
      </Task>
      <Sequence>
        <WaitForEvent id="ping" event="ping" output={outputs.evt} />
        <Task id="heard" output={outputs.r}>{{ v: "heard" }}</Task>
      </Sequence>
    </Parallel>
  </Workflow>
));

export const probe = {
  about: "A wait is open while a task beside it runs: its signal is taken, and what follows it is done, before that task ends.",
  steps: [
    { op: "start" },
    { op: "waitEvent", type: "NodeStarted", nodeId: "work" },
    { op: "signal", name: "ping", payload: { n: 1 } },
    { op: "waitEvent", type: "NodeFinished", nodeId: "heard" },
    { op: "wait", status: "finished" },
  ],
};
