/** @jsxImportSource smithers-orchestrator */
// A chain of agents: when one fails, the next attempt asks the next one.
import { Task, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers({
  input: z.object({ text: z.string() }),
  output: z.object({ summary: z.string(), by: z.string() }),
});

const large = {
  id: "large-model",
  async generate() {
    throw new Error("the provider does not answer");
  },
};

const small = {
  id: "small-model",
  async generate({ prompt }: { prompt: string }) {
    const [, text] = /Summarise: (.*)/.exec(prompt) ?? [];
    const summary = `${text.split(" ").slice(0, 4).join(" ")}...`;
    return { output: { summary, by: "small-model" } };
  },
};

const fallback = smithers((ctx) => (
  <Workflow name="agent-fallback">
    <Task id="summary" output={outputs.output} agent={[large, small]} retries={2} retryPolicy={{ backoff: "fixed", initialDelayMs: 10 }}>
      {`Summarise: ${ctx.input.text}`}
    </Task>
  </Workflow>
));

export function register(gateway) {
  gateway.register("agent-fallback", fallback);
}
