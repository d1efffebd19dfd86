/** @jsxImportSource smithers-orchestrator */
import { Kanban, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers(
  { input: z.object({}), built: z.object({ by: z.string() }), shipped: z.object({ what: z.string() }), board: z.object({ total: z.number(), completed: z.number() }) },
  { dbPath: process.env.PROBE_DB },
);

const agent = (make) => ({ supportsNativeStructuredOutput: true, generate: async ({ prompt }) => ({ output: make(prompt) }) });

export default smithers((ctx) => (
  <Workflow name="kanban">
    <Kanban
      columns={[
        { name: "build", agent: agent(() => ({ by: "builder" })), output: outputs.built },
        { name: "ship", agent: agent((prompt) => ({ what: prompt })), output: outputs.shipped, prompt: ({ item, column }) => `${column} ${item.id}` },
      ]}
      useTickets={() => [{ id: "a" }, { id: "b" }]}
      until={ctx.latest(outputs.shipped, "kanban-ship-b") !== undefined}
      maxConcurrency={1}
      onComplete={outputs.board}
    />
  </Workflow>
));

export const probe = {
  about: "Every ticket goes through the first column before any goes through the second; the board is counted at the end.",
  steps: [{ op: "run" }],
};
