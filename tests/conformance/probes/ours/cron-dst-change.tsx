/** @jsxImportSource smithers-orchestrator */
import { Task, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers({ said: z.object({ word: z.string() }) }, { dbPath: process.env.PROBE_DB });

export default smithers(() => (
  <Workflow name="cron-dst-change">
    <Task id="say" output={outputs.said}>{{ word: "hello" }}</Task>
  </Workflow>
));

export const probe = {
  about: "Where clocks change, a fixed time comes once a day: after the hour that is skipped, in the first of two hours; steps go on, and twice.",
  steps: [
    { op: "cli", args: ["crons", "preview", "30 2 * * *", "--zone", "Europe/Berlin", "--from", "2027-03-27", "--count", "3", "--json"] },
    { op: "cli", args: ["crons", "preview", "*/30 * * * *", "--zone", "Europe/Berlin", "--from", "2027-03-28T01:15:00", "--count", "3", "--json"] },
    { op: "cli", args: ["crons", "preview", "30 2 * * *", "--zone", "Europe/Berlin", "--from", "2027-10-30", "--count", "3", "--json"] },
    { op: "cli", args: ["crons", "preview", "*/30 * * * *", "--zone", "Europe/Berlin", "--from", "2027-10-31T01:45:00", "--count", "5", "--json"] },
    { op: "run" },
  ],
};
