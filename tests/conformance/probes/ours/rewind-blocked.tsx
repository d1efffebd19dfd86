/** @jsxImportSource smithers-orchestrator */
import { Sequence, Task, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers(
  { r: z.object({ v: z.string() }) },
  { dbPath: process.env.PROBE_DB },
);

export default smithers(() => (
  <Workflow name="rewind-blocked">
    <Sequence>
      <Task id="mail" output={outputs.r} sideEffect>{() => ({ v: "sent" })}</Task>
      <Task id="ping" output={outputs.r} sideEffect={{ idempotent: true }}>{() => ({ v: "pong" })}</Task>
    </Sequence>
  </Workflow>
));

export const probe = {
  about: "An effect that cannot be taken back stands in the way of a rewind until it is forced; one that does no harm twice does not.",
  steps: [
    { op: "run" },
    { op: "rpc", method: "rewindRun", params: { runId: "r1", frameNo: 1, confirm: true }, show: ["ok"] },
    { op: "rpc", method: "rewindRun", params: { runId: "r1", frameNo: 1, confirm: true, force: true }, show: ["ok", "deletedAttempts", "effectBoundary"] },
    { op: "wait", status: "finished" },
  ],
};
