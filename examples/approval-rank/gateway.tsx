/** @jsxImportSource smithers-orchestrator */
// An order: somebody ranks what there is to do, and it is done in that order.
// The ranking is known only at run time, so the tasks are mounted from it.
import { Approval, Sequence, Task, Workflow, approvalRankingSchema, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers({
  ranking: approvalRankingSchema,
  fix: z.object({ bug: z.string() }),
  output: z.object({ fixed: z.array(z.string()) }),
});

const BUGS = [
  { key: "crash", label: "Crash on start" },
  { key: "typo", label: "Typo in the footer" },
  { key: "slow", label: "Slow search" },
];

const approvalRank = smithers((ctx) => {
  const ranking = ctx.outputMaybe(outputs.ranking, { nodeId: "order" });
  return (
    <Workflow name="approval-rank">
      <Sequence>
        <Approval id="order" mode="rank" options={BUGS} output={outputs.ranking} request={{ title: "What first?" }} />
        {ranking?.ranked.map((bug) => <Task key={bug} id={`fix-${bug}`} output={outputs.fix}>{{ bug }}</Task>)}
        {ranking ? <Task id="report" output={outputs.output}>{() => ({ fixed: ctx.outputs.fix.map((row) => row.bug) })}</Task> : null}
      </Sequence>
    </Workflow>
  );
});

export function register(gateway) {
  gateway.register("approval-rank", approvalRank);
}
