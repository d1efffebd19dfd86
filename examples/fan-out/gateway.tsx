/** @jsxImportSource smithers-orchestrator */
// Fan out, fan in: one task for each item of the input, at most three at a time, then one that sums up.
import { Parallel, Sequence, Task, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers({
  input: z.object({ orders: z.array(z.object({ id: z.string(), cents: z.number().int() })) }),
  invoice: z.object({ order: z.string(), gross: z.number() }),
  output: z.object({ invoices: z.number().int(), total: z.number() }),
});

const VAT = 0.19;

const fanOut = smithers((ctx) => (
  <Workflow name="fan-out">
    <Sequence>
      <Parallel maxConcurrency={3}>
        {ctx.input.orders.map((order) => (
          <Task key={order.id} id={`invoice-${order.id}`} output={outputs.invoice}>
            {() => ({ order: order.id, gross: Math.round(order.cents * (1 + VAT)) / 100 })}
          </Task>
        ))}
      </Parallel>
      <Task id="total" output={outputs.output}>
        {() => {
          const rows = ctx.outputs.invoice;
          return { invoices: rows.length, total: rows.reduce((sum, row) => sum + row.gross, 0) };
        }}
      </Task>
    </Sequence>
  </Workflow>
));

export function register(gateway) {
  gateway.register("fan-out", fanOut);
}
