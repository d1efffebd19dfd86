/** @jsxImportSource smithers-orchestrator */
import { Sequence, Task, Workflow, createSmithers } from "smithers-orchestrator";
import { createScorer } from "smithers-orchestrator/scorers";
import { z } from "zod";

const { smithers, outputs } = createSmithers({ r: z.object({ word: z.string() }) }, { dbPath: process.env.PROBE_DB });

const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const throws = createScorer({ id: "throws", score: () => later(1000).then(() => { throw new Error("no idea"); }) });
const wild = { id: "wild", name: "Wild", score: () => later(2000).then(() => ({ score: 7 })) };

export default smithers(() => (
  <Workflow name="scorer-throws">
    <Sequence>
      <Task id="a" output={outputs.r} scorers={{ throws: { scorer: throws }, wild: { scorer: wild } }}>
        {() => ({ word: "yes" })}
      </Task>
      <Task id="b" output={outputs.r}>{() => ({ word: "no" })}</Task>
    </Sequence>
  </Workflow>
));

export const probe = {
  about: "A scorer that throws, or whose score is no number from 0 to 1, is told and leaves no score; its run does not notice.",
  steps: [
    { op: "run", runId: "r1" },
    { op: "sleep", ms: 3500 },
    { op: "rpc", method: "listScoresForRuns", params: { runIds: ["r1"] }, show: ["total"] },
  ],
};
