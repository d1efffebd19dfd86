/** @jsxImportSource smithers-orchestrator */
// Prompts in MDX: Markdown with props, conditions and lists, beside the code instead of inside it.
// A prompt is a component; rendered under an agent task it becomes plain text.
import { Sequence, Task, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";
import ReviewPrompt from "./review.mdx";

const { smithers, outputs } = createSmithers({
  input: z.object({ title: z.string(), files: z.array(z.string()), strict: z.boolean().default(false) }),
  review: z.object({ prompt: z.string() }),
  output: z.object({ lines: z.number().int() }),
});

/** Gives the prompt back, so that it can be looked at. */
const echo = {
  id: "echo",
  supportsNativeStructuredOutput: true,
  async generate({ prompt }: { prompt: string }) {
    return { output: { prompt } };
  },
};

const mdxPrompts = smithers((ctx) => (
  <Workflow name="mdx-prompts">
    <Sequence>
      <Task id="review" output={outputs.review} agent={echo}>
        <ReviewPrompt title={ctx.input.title} files={ctx.input.files} strict={ctx.input.strict} />
      </Task>
      <Task id="count" output={outputs.output} deps={{ review: outputs.review }}>
        {({ review }) => ({ lines: review.prompt.split("\n").length })}
      </Task>
    </Sequence>
  </Workflow>
));

export function register(gateway) {
  gateway.register("mdx-prompts", mdxPrompts);
}
