/** @jsxImportSource smithers-orchestrator */
// Typed dependencies: `deps` waits for rows of other tasks and hands them to the body, wherever they are in the tree.
// `needs` gives a dependency another name, `dependsOn` only waits.
import { Parallel, Task, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers({
  input: z.object({ net: z.number(), country: z.enum(["DE", "FR"]) }),
  rate: z.object({ percent: z.number() }),
  price: z.object({ gross: z.number() }),
  receipt: z.object({ line: z.string() }),
});

const RATES = { DE: 19, FR: 20 };

const deps = smithers((ctx) => (
  <Workflow name="deps">
    <Parallel>
      <Task id="receipt" output={outputs.receipt} deps={{ total: outputs.price, rate: outputs.rate }} needs={{ total: "price" }}>
        {({ total, rate }) => ({ line: `${total.gross.toFixed(2)} EUR including ${rate.percent} % VAT` })}
      </Task>
      <Task id="price" output={outputs.price} deps={{ rate: outputs.rate }}>
        {({ rate }) => ({ gross: ctx.input.net * (1 + rate.percent / 100) })}
      </Task>
      <Task id="rate" output={outputs.rate}>{() => ({ percent: RATES[ctx.input.country] })}</Task>
    </Parallel>
  </Workflow>
));

export function register(gateway) {
  gateway.register("deps", deps);
}
