/** @jsxImportSource smithers-orchestrator */
import { Saga, Task, TryCatchFinally, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers(
  { r: z.object({ v: z.string() }) },
  { dbPath: process.env.PROBE_DB },
);

const does = (id) => <Task id={id} output={outputs.r}>{{ v: id }}</Task>;
const throws = (id) => <Task id={id} output={outputs.r}>{() => { throw new Error(`${id} is broken`); }}</Task>;

export default smithers(() => (
  <Workflow name="try-in-saga">
    <Saga id="booking">
      <Saga.Step id="flight" compensation={does("undo-flight")}>{does("flight")}</Saga.Step>
      <Saga.Step id="seat" compensation={does("undo-seat")}>
        <TryCatchFinally id="choose" try={throws("window")} catch={does("aisle")} />
      </Saga.Step>
      <Saga.Step id="hotel" compensation={does("undo-hotel")}>{throws("hotel")}</Saga.Step>
    </Saga>
  </Workflow>
));

export const probe = {
  about: "A failure that a try block inside an action has caught is none of the saga: its step is completed, and is undone when a later one fails.",
  steps: [
    { op: "run" },
  ],
};
