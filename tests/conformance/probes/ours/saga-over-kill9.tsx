/** @jsxImportSource smithers-orchestrator */
import { Saga, Task, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers(
  { r: z.object({ v: z.string() }) },
  { dbPath: process.env.PROBE_DB },
);

const does = (id) => <Task id={id} output={outputs.r}>{{ v: id }}</Task>;
const throws = (id) => <Task id={id} output={outputs.r}>{() => { throw new Error(`${id} is broken`); }}</Task>;

export default smithers(() => (
  <Workflow name="saga-over-kill9">
    <Saga id="booking">
      <Saga.Step id="flight" compensation={does("undo-flight")}>{does("flight")}</Saga.Step>
      <Saga.Step
        id="hotel"
        compensation={
          <Task id="undo-hotel" output={outputs.r}>
            {async () => {
              if (process.env.PROBE_SLOW === "1") await new Promise((resolve) => setTimeout(resolve, 60000));
              return { v: "undo-hotel" };
            }}
          </Task>
        }
      >
        {does("hotel")}
      </Saga.Step>
      <Saga.Step id="car" compensation={does("undo-car")}>{throws("car")}</Saga.Step>
    </Saga>
  </Workflow>
));

export const probe = {
  about: "A process that is killed in the middle of a compensation goes on with it after its restart: what was undone stays so, what was not is undone, nothing else is done again.",
  steps: [
    { op: "kill9", afterType: "NodeStarted", nodeId: "undo-hotel", extraMs: 100 },
    { op: "wait", status: "finished" },
  ],
};
