/** @jsxImportSource smithers-orchestrator */
import { Loop, Task, Workflow, createSmithers } from "smithers-orchestrator";
import { createScorer } from "smithers-orchestrator/scorers";
import { z } from "zod";

const { smithers, outputs } = createSmithers({ r: z.object({ n: z.number() }) }, { dbPath: process.env.PROBE_DB });

const scorer = (id: string) => createScorer({ id, score: () => new Promise((resolve) => setTimeout(resolve, 5000, 1)) });

export default smithers((ctx) => (
  <Workflow name="scores-sampled">
    <Loop id="passes" until={ctx.outputs.r.length >= 12} maxIterations={20}>
      <Task
        id="body"
        output={outputs.r}
        scorers={{
          half: { scorer: scorer("half"), sampling: { type: "ratio", rate: 0.5 } },
          none: { scorer: scorer("none"), sampling: { type: "none" } },
        }}
      >
        {() => ({ n: ctx.outputs.r.length })}
      </Task>
    </Loop>
  </Workflow>
));

export const probe = {
  about: "A scorer with a rate looks at its share of the results, always the same ones for the same run; one with none looks at nothing.",
  steps: [{ op: "run", runId: "r1" }],
};
