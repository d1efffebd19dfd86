/** @jsxImportSource smithers-orchestrator */
// A shop tells the gateway of orders and payments: an order launches a run, its payment is a signal to that run.
// Requests are signed with SHOP_HOOK_SECRET (let the module read it: SMITHERS_MODULE_ENV=SHOP_HOOK_SECRET), carry the
// time they were made and an id, and have one effect each, however often they are sent:
//
//   body='{"type":"order","order":{"id":"o1","cents":1250}}'; id=d1; time=$(date +%s)
//   signature="sha256=$(printf '%s.%s.%s' "$id" "$time" "$body" | openssl dgst -sha256 -hmac "$SHOP_HOOK_SECRET" -r | cut -d' ' -f1)"
//   curl -d "$body" -H "x-delivery: $id" -H "x-timestamp: $time" -H "x-hub-signature-256: $signature" localhost:7331/webhooks/webhook
import { Sequence, Task, WaitForEvent, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const payment = z.object({ cents: z.number().int() });

const { smithers, outputs } = createSmithers({
  input: z.object({ id: z.string(), cents: z.number().int() }),
  payment,
  receipt: z.object({ order: z.string(), paid: z.boolean() }),
});

const order = smithers((ctx) => (
  <Workflow name="order">
    <Sequence>
      <WaitForEvent id="payment" event="payment" correlationId={ctx.input.id} output={outputs.payment} outputSchema={payment} />
      <Task id="receipt" output={outputs.receipt} deps={{ payment: outputs.payment }}>
        {({ payment }) => ({ order: ctx.input.id, paid: payment.cents >= ctx.input.cents })}
      </Task>
    </Sequence>
  </Workflow>
));

export function register(gateway) {
  gateway.register("webhook", order, {
    webhook: {
      secret: process.env.SHOP_HOOK_SECRET,
      deliveryHeader: "x-delivery",
      replay: { timestampHeader: "x-timestamp", toleranceMs: 60_000 },
      signal: { name: "payment", correlationIdPath: "order.id", payloadPath: "payment" },
      run: { inputPath: "order" },
    },
  });
}
