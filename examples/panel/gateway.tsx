/** @jsxImportSource smithers-orchestrator */
// Panel: three agents look at a change, each in its own way, and a moderator counts their votes.
import { Panel, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers({
  input: z.object({ change: z.string(), lines: z.number().int() }),
  opinion: z.object({ merge: z.boolean(), why: z.string() }),
  verdict: z.object({ merge: z.boolean(), votes: z.number().int() }),
});

/** Agrees to changes of at most `most` lines. A real one would ask a model. */
const careful = (id: string, most: number) => ({
  id,
  async generate({ prompt }: { prompt: string }) {
    const lines = Number(/(\d+) lines/.exec(prompt)?.[1]);
    return { output: { merge: lines <= most, why: `${lines} lines are ${lines <= most ? "fine" : "too many"} for ${id}` } };
  },
});

const moderator = {
  id: "moderator",
  async generate({ prompt }: { prompt: string }) {
    const votes = (prompt.match(/"merge": true/g) ?? []).length;
    return { output: { merge: votes >= 2, votes } };
  },
};

const panel = smithers((ctx) => (
  <Workflow name="panel">
    <Panel
      panelists={[
        { agent: careful("security", 20), role: "security" },
        { agent: careful("speed", 100), role: "speed" },
        { agent: careful("style", 500), role: "style" },
      ]}
      moderator={moderator}
      panelistOutput={outputs.opinion}
      moderatorOutput={outputs.verdict}
      strategy="vote"
      minAgree={2}
    >
      {`Shall "${ctx.input.change}" be merged? It has ${ctx.input.lines} lines.`}
    </Panel>
  </Workflow>
));

export function register(gateway) {
  gateway.register("panel", panel);
}
