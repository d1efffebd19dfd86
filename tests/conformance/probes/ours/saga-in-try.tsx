/** @jsxImportSource smithers-orchestrator */
import { Saga, Sequence, Task, TryCatchFinally, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers(
  { r: z.object({ v: z.string() }) },
  { dbPath: process.env.PROBE_DB },
);

const does = (id) => <Task id={id} output={outputs.r}>{{ v: id }}</Task>;
const throws = (id) => <Task id={id} output={outputs.r}>{() => { throw new Error(`${id} is broken`); }}</Task>;

export default smithers(() => (
  <Workflow name="saga-in-try">
    <Sequence>
      <TryCatchFinally
        id="trip"
        try={
          <Saga id="booking" onFailure="compensate-and-fail">
            <Saga.Step id="flight" compensation={does("undo-flight")}>{does("flight")}</Saga.Step>
            <Saga.Step id="hotel" compensation={does("undo-hotel")}>{throws("hotel")}</Saga.Step>
          </Saga>
        }
        catch={does("apologise")}
        finally={does("close")}
      />
      {does("after")}
    </Sequence>
  </Workflow>
));

export const probe = {
  about: "A saga that fails is undone first; the try block around it then catches the failure, does what is final, and the run goes on.",
  steps: [
    { op: "run" },
  ],
};
