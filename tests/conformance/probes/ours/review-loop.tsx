/** @jsxImportSource smithers-orchestrator */
import { ReviewLoop, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers(
  { input: z.object({}), draft: z.object({ text: z.string() }), review: z.object({ approved: z.boolean(), feedback: z.string() }) },
  { dbPath: process.env.PROBE_DB },
);

const agent = (make) => ({ supportsNativeStructuredOutput: true, generate: async ({ prompt }) => ({ output: make(prompt) }) });

export default smithers(() => (
  <Workflow name="review-loop">
    <ReviewLoop
      producer={agent((prompt) => ({ text: prompt.includes("shorter") ? "short" : "long" }))}
      reviewer={agent((prompt) => (prompt.includes('"short"') ? { approved: true, feedback: "fine" } : { approved: false, feedback: "shorter" }))}
      produceOutput={outputs.draft}
      reviewOutput={outputs.review}
    >
      Write.
    </ReviewLoop>
  </Workflow>
));

export const probe = {
  about: "The review that did not approve is part of the next question; the loop ends with the first approval.",
  steps: [{ op: "run" }],
};
