/** @jsxImportSource smithers-orchestrator */
import { CheckSuite, Sequence, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers(
  {
    input: z.object({}),
    check: z.object({ passed: z.boolean(), error: z.string().optional() }),
    verdict: z.object({ passed: z.boolean(), passCount: z.number(), total: z.number(), strategy: z.string() }),
  },
  { dbPath: process.env.PROBE_DB },
);

const says = (row) => ({ generate: async () => ({ output: row }) });
const broken = {
  generate: async () => {
    throw Object.assign(new Error("no"), { details: { failureRetryable: false } });
  },
};
const checks = { good: { agent: says({ passed: true }) }, odd: { agent: says({ passed: true, error: "but" }) }, gone: { agent: broken } };

export default smithers(() => (
  <Workflow name="check-suite">
    <Sequence>
      {["all-pass", "majority", "any-pass"].map((strategy) => (
        <CheckSuite key={strategy} id={strategy} checks={checks} strategy={strategy} maxConcurrency={1} checkOutput={outputs.check} verdictOutput={outputs.verdict} />
      ))}
    </Sequence>
  </Workflow>
));

export const probe = {
  about: "One of three checks passes: one says that it passed and names an error, one has no row. Only any-pass is content with that.",
  steps: [{ op: "run" }],
};
