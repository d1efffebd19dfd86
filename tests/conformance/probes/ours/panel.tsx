/** @jsxImportSource smithers-orchestrator */
import { Panel, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers(
  { input: z.object({}), opinion: z.object({ say: z.string() }), verdict: z.object({ heard: z.number() }) },
  { dbPath: process.env.PROBE_DB },
);

const agent = (make) => ({ supportsNativeStructuredOutput: true, generate: async ({ prompt }) => ({ output: make(prompt) }) });
const broken = agent(() => {
  throw Object.assign(new Error("no"), { details: { failureRetryable: false } });
});

export default smithers(() => (
  <Workflow name="panel">
    <Panel
      id="p"
      panelists={[{ agent: agent(() => ({ say: "yes" })), label: "a" }, { agent: broken, label: "a" }, agent(() => ({ say: "yes" }))]}
      moderator={agent((prompt) => ({ heard: (prompt.match(/"say": "yes"/g) ?? []).length }))}
      panelistOutput={outputs.opinion}
      moderatorOutput={outputs.verdict}
      strategy="consensus"
      maxConcurrency={1}
      panelistTaskProps={{ continueOnFail: true }}
    >
      Well?
    </Panel>
  </Workflow>
));

export const probe = {
  about: "Panelists with equal labels get ids of their own; the moderator waits for all, also for one that failed, and is told the rows of the others.",
  steps: [{ op: "run" }],
};
