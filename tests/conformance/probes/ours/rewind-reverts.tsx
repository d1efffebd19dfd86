/** @jsxImportSource smithers-orchestrator */
import { Sequence, Task, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers(
  { r: z.object({ left: z.string() }) },
  { dbPath: process.env.PROBE_DB },
);

const left: string[] = [];

const adds = (name: string) => (
  <Task
    id={name}
    output={outputs.r}
    sideEffect={{
      revert: async (was) => {
        if (left.at(-1) !== was.outputRow.left.split(",").at(-1)) throw new Error(`not the newest: ${was.nodeId}`);
        left.pop();
      },
    }}
  >
    {() => {
      left.push(name);
      return { left: left.join(",") };
    }}
  </Task>
);

export default smithers(() => (
  <Workflow name="rewind-reverts">
    <Sequence>
      {adds("one")}
      {adds("two")}
      {adds("three")}
    </Sequence>
  </Workflow>
));

export const probe = {
  about: "Effects after the frame are taken back by their authors, the newest first, before the run is; they are then had again once.",
  steps: [
    { op: "run" },
    { op: "rpc", method: "rewindRun", params: { runId: "r1", frameNo: 2, confirm: true }, show: ["ok", "effectBoundary"] },
    { op: "wait", status: "finished" },
  ],
};
