/** @jsxImportSource smithers-orchestrator */
// A till that never closes and whose runs stay small: each run takes a number of orders and continues as a new one, which
// is told what was counted so far. Orders go to the id that the launch gave, whichever run of the chain goes on:
// `smithers runs signal RUN order --data '{"cents": 1250}'`
import { ContinueAsNew, Sequence, Task, WaitForEvent, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const order = z.object({ cents: z.number().int().positive() });
const totals = z.object({ orders: z.number(), cents: z.number() });

const { smithers, outputs } = createSmithers({
  input: z.object({ ordersPerRun: z.number().int().default(100) }),
  order,
  totals,
});

const till = smithers((ctx) => {
  const before = ctx.continuation?.payload ?? { orders: 0, cents: 0 };
  const cents = ctx.outputs.order.reduce((sum, row) => sum + row.cents, before.cents);
  const soFar = { orders: before.orders + ctx.outputs.order.length, cents };
  return (
    <Workflow name="till">
      <Sequence>
        {[...Array(ctx.input.ordersPerRun).keys()].map((index) => (
          <WaitForEvent key={index} id={`order-${index}`} event="order" output={outputs.order} outputSchema={order} />
        ))}
        <Task id="totals" output={outputs.totals}>{() => soFar}</Task>
        <ContinueAsNew state={soFar} fresh />
      </Sequence>
    </Workflow>
  );
});

export function register(gateway) {
  gateway.register("chain", till);
}
