/** @jsxImportSource smithers-orchestrator */
// A trip that is booked as a whole or not at all: when a step fails, the steps before it are undone in reverse.
// `onCancel="compensate"` does the same when somebody cancels the run while it waits.
import { Approval, Saga, Sequence, Task, Workflow, approvalDecisionSchema, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers({
  input: z.object({ soldOut: z.enum(["flight", "hotel", "car", "nothing"]).default("car") }),
  booking: z.object({ what: z.string() }),
  refund: z.object({ what: z.string() }),
  confirmation: approvalDecisionSchema,
  output: z.object({ booked: z.array(z.string()), refunded: z.array(z.string()) }),
});

const TRIP = ["flight", "hotel", "car"];

function book(what: string, soldOut: string) {
  if (what === soldOut) throw new Error(`no ${what} is left`);
  return { what };
}

const saga = smithers((ctx) => {
  const refunded = ctx.outputs.refund.map((row) => row.what);
  const booked = ctx.outputs.booking.map((row) => row.what).filter((what) => !refunded.includes(what));
  return (
    <Workflow name="saga">
      <Sequence>
        <Saga id="trip" onFailure="compensate" onCancel="compensate" cancelTimeoutMs={60_000}>
          {TRIP.map((what) => (
            <Saga.Step
              key={what}
              id={what}
              label={`Book the ${what}`}
              compensation={<Task id={`refund-${what}`} output={outputs.refund}>{() => ({ what })}</Task>}
            >
              <Task id={`book-${what}`} output={outputs.booking}>{() => book(what, ctx.input.soldOut)}</Task>
            </Saga.Step>
          ))}
        </Saga>
        <Approval id="confirm" output={outputs.confirmation} skipIf={booked.length === 0} request={{ title: `Travel with ${booked.join(", ")}?` }} />
        <Task id="report" output={outputs.output}>{() => ({ booked, refunded })}</Task>
      </Sequence>
    </Workflow>
  );
});

export function register(gateway) {
  gateway.register("saga", saga);
}
