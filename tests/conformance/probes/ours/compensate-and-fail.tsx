/** @jsxImportSource smithers-orchestrator */
import { Saga, Sequence, Task, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers(
  { r: z.object({ v: z.string() }) },
  { dbPath: process.env.PROBE_DB },
);

const does = (id) => <Task id={id} output={outputs.r}>{{ v: id }}</Task>;
const throws = (id) => <Task id={id} output={outputs.r}>{() => { throw new Error(`${id} is broken`); }}</Task>;

export default smithers((ctx) => (
  <Workflow name="compensate-and-fail">
    <Sequence>
      <Saga id="booking" onFailure={ctx.input.onFailure}>
        <Saga.Step id="flight" compensation={does("undo-flight")}>{does("flight")}</Saga.Step>
        <Saga.Step id="hotel" compensation={does("undo-hotel")}>{does("hotel")}</Saga.Step>
        <Saga.Step id="car" compensation={does("undo-car")}>{throws("car")}</Saga.Step>
      </Saga>
      {does("after")}
    </Sequence>
  </Workflow>
));

export const probe = {
  about: "With compensate-and-fail a saga is undone, then fails the run; with fail it fails the run and undoes nothing.",
  steps: [
    { op: "run", runId: "undone", input: { onFailure: "compensate-and-fail" } },
    { op: "run", runId: "left", input: { onFailure: "fail" } },
  ],
};
