/** @jsxImportSource smithers-orchestrator */
import { Task, TryCatchFinally, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers(
  { r: z.object({ v: z.string() }) },
  { dbPath: process.env.PROBE_DB },
);

const does = (id) => <Task id={id} output={outputs.r}>{{ v: id }}</Task>;
const throws = (id) => <Task id={id} output={outputs.r}>{() => { throw new Error(`${id} is broken`); }}</Task>;

const kinds = {
  invalid: <Task id="work" output={outputs.r}>{() => ({ v: 7 })}</Task>,
  plain: throws("work"),
  slow: <Task id="work" output={outputs.r} timeoutMs={50}>{() => new Promise(() => {})}</Task>,
};

export default smithers((ctx) => (
  <Workflow name="catch-filters">
    <TryCatchFinally id="guarded" catchErrors={["INVALID_OUTPUT"]} try={kinds[ctx.input.kind]} catch={does("caught")} finally={does("close")} />
  </Workflow>
));

export const probe = {
  about: "A filter catches the failures whose code it names; a plain Error has none, so it fails the run, after what is final.",
  steps: [
    { op: "run", runId: "named", input: { kind: "invalid" } },
    { op: "run", runId: "plain", input: { kind: "plain" } },
    { op: "run", runId: "other", input: { kind: "slow" } },
  ],
};
