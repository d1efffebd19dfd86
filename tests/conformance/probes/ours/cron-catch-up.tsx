/** @jsxImportSource smithers-orchestrator */
import { Task, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers({ said: z.object({ word: z.string() }) }, { dbPath: process.env.PROBE_DB });

export default smithers(() => (
  <Workflow name="cron-catch-up">
    <Task id="say" output={outputs.said}>{{ word: "hello" }}</Task>
  </Workflow>
));

export const probe = {
  about: "Three firings that were missed while the gateway was down have one run, or one each where the schedule wants all of them.",
  steps: [
    { op: "cron", cronId: "once", catchUp: "one", inSeconds: [5, 6, 7] },
    { op: "restart", downMs: 9000 },
    { op: "runs", count: 1 },
    { op: "cron", cronId: "each", catchUp: "all", inSeconds: [5, 6, 7] },
    { op: "restart", downMs: 9000 },
    { op: "runs", count: 4 },
    { op: "restart" },
    { op: "runs", count: 4 },
  ],
  show: [],
};
