/** @jsxImportSource smithers-orchestrator */
import { Saga, Sequence, Task, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers(
  { r: z.object({ v: z.string() }) },
  { dbPath: process.env.PROBE_DB },
);

const does = (id) => <Task id={id} output={outputs.r}>{{ v: id }}</Task>;
const throws = (id) => <Task id={id} output={outputs.r}>{() => { throw new Error(`${id} is broken`); }}</Task>;

export default smithers(() => (
  <Workflow name="compensation-fails">
    <Sequence>
      <Saga id="booking">
        <Saga.Step id="flight" compensation={does("undo-flight")}>{does("flight")}</Saga.Step>
        <Saga.Step id="hotel" compensation={throws("undo-hotel")}>{does("hotel")}</Saga.Step>
        <Saga.Step id="car" compensation={does("undo-car")}>{throws("car")}</Saga.Step>
      </Saga>
      {does("after")}
    </Sequence>
  </Workflow>
));

export const probe = {
  about: "A compensation that fails fails the run; those before it do not run.",
  steps: [
    { op: "run" },
  ],
};
