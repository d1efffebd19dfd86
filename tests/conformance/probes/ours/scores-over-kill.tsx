/** @jsxImportSource smithers-orchestrator */
import { Sequence, Task, Timer, Workflow, createSmithers } from "smithers-orchestrator";
import { createScorer } from "smithers-orchestrator/scorers";
import { z } from "zod";

const { smithers, outputs } = createSmithers({ r: z.object({ word: z.string() }) }, { dbPath: process.env.PROBE_DB });

const endless = createScorer({ id: "endless", score: () => new Promise(() => {}) });

export default smithers(() => (
  <Workflow name="scores-over-kill">
    <Sequence>
      <Task id="a" output={outputs.r} scorers={{ endless: { scorer: endless } }}>{() => ({ word: "yes" })}</Task>
      <Timer id="pause" duration="4s" />
      <Task id="b" output={outputs.r}>{() => ({ word: "no" })}</Task>
    </Sequence>
  </Workflow>
));

export const probe = {
  about: "A scorer that looks when the process is killed is told to have been cut off, once, and the run goes on as if it had not been there.",
  steps: [
    { op: "kill9", afterType: "NodeFinished", nodeId: "a", extraMs: 300 },
    { op: "wait", status: "finished" },
    { op: "rpc", method: "listScoresForRuns", params: { runIds: ["r1"] }, show: ["total"] },
  ],
};
