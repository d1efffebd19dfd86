/** @jsxImportSource smithers-orchestrator */
import { Sequence, Task, Workflow, createSmithers } from "smithers-orchestrator";
import { createScorer } from "smithers-orchestrator/scorers";
import { z } from "zod";

const { smithers, outputs } = createSmithers({ r: z.object({ word: z.string() }) }, { dbPath: process.env.PROBE_DB });

const exact = (id: string, ms: number) =>
  createScorer({
    id,
    score: ({ output, groundTruth }) => new Promise((resolve) => setTimeout(resolve, ms, { score: output.word === groundTruth ? 1 : 0, reason: "compared" })),
  });

export default smithers(() => (
  <Workflow name="scores-live">
    <Sequence>
      <Task id="right" output={outputs.r} groundTruth="yes" scorers={{ first: { scorer: exact("first", 1000) }, second: { scorer: exact("second", 2000) } }}>
        {() => ({ word: "yes" })}
      </Task>
      <Task id="wrong" output={outputs.r} groundTruth="yes" scorers={{ third: { scorer: exact("third", 3000) } }}>
        {{ word: "no" }}
      </Task>
      <Task id="plain" output={outputs.r}>{() => ({ word: "maybe" })}</Task>
    </Sequence>
  </Workflow>
));

export const probe = {
  about: "Scorers look at results beside the run: it goes on and ends while they look, and their scores are kept when they come.",
  steps: [
    { op: "run", runId: "r1" },
    { op: "sleep", ms: 4500 },
    { op: "rpc", method: "listScoresForRuns", params: { runIds: ["r1"] }, show: ["total"] },
  ],
};
