// The unmodified public client against the gateway at GATEWAY_URL.
import assert from "node:assert/strict";
import { GatewayRpcError, SmithersGatewayClient } from "@smithers-orchestrator/gateway-client";
import WebSocket from "ws";
import { restartGateway, run, test, until, within } from "./harness.mjs";

// The WebSocket is given because node has one of its own only since version 22.
const clientFor = (token) => new SmithersGatewayClient({ baseUrl: process.env.GATEWAY_URL, token, WebSocket });
const client = clientFor("operator-token");
const reader = clientFor("read-token");
const STREAM_MS = 25_000;

const status = async (runId) => (await client.getRun({ runId })).status;
const reaches = (runId, wanted) =>
  until(10_000, `${runId} to be ${wanted}`, async () => (await status(runId)) === wanted);
const launch = (workflow, runId, input = {}) => client.launchRun({ workflow, input, options: { runId } });

/** Collects the run events of a stream until the run has completed. */
async function collect(stream, onEvent = () => {}) {
  const events = [];
  for await (const frame of stream) {
    if (frame.event !== "run.event") continue;
    events.push(frame.payload);
    await onEvent(frame.payload);
    if (frame.payload.event === "run.completed") break;
  }
  return events;
}

function assertEveryEventOnce(events) {
  assert.deepEqual(
    events.map((event) => event.seq),
    events.map((_, position) => position + 1),
  );
  assert.equal(events.filter((event) => event.event === "run.completed").length, 1);
}

test("workflows are listed", async () => {
  const keys = (await client.listWorkflows()).map((workflow) => workflow.key);
  assert.ok(keys.includes("chain") && keys.includes("gated"), keys.join());
  assert.ok(!keys.includes("timer"), "system workflows stay hidden");
});

test("a run is launched, finishes and is listed", async () => {
  const launched = await launch("chain", "sdk-chain", { n: 2 });
  assert.deepEqual(launched, { runId: "sdk-chain", workflow: "chain", system: false });
  await reaches("sdk-chain", "finished");
  const runs = await client.listRuns({ filter: { workflow: "chain" } });
  assert.ok(runs.some((row) => row.runId === "sdk-chain" && row.status === "finished"));
});

test("a finished run's id is refused with CONFLICT", async () => {
  await assert.rejects(launch("chain", "sdk-chain"), (error) => error.code === "CONFLICT" && error.status === 409);
});

test("a plain stream delivers every event once", async () => {
  await launch("slow", "sdk-stream", { ms: 300 });
  const events = await within(STREAM_MS, "the stream", collect(client.streamRunEvents({ runId: "sdk-stream", afterSeq: 0 })));
  assertEveryEventOnce(events);
  assert.ok(events.some((event) => event.event === "node.finished" && event.payload.nodeId === "s1"));
});

test("a finished run replays from any number", async () => {
  const all = await within(STREAM_MS, "replay", collect(client.streamRunEvents({ runId: "sdk-stream", afterSeq: 0 })));
  const rest = await within(STREAM_MS, "replay", collect(client.streamRunEvents({ runId: "sdk-stream", afterSeq: 2 })));
  assert.deepEqual(
    rest.map(({ seq, event, stateVersion }) => ({ seq, event, stateVersion })),
    all.slice(2).map(({ seq, event, stateVersion }) => ({ seq, event, stateVersion })),
  );
});

test("a resilient stream goes on over a killed gateway with the same numbers", async () => {
  await launch("slow", "sdk-resilient", { ms: 1_500 });
  let reconnects = 0;
  let restarted = false;
  const stream = client.streamRunEventsResilient(
    { runId: "sdk-resilient", afterSeq: 0 },
    { backoff: { baseMs: 50, maxMs: 200 }, onReconnect: () => (reconnects += 1) },
  );
  const events = await within(
    STREAM_MS,
    "the resilient stream",
    collect(stream, async (event) => {
      if (event.event !== "node.started" || restarted) return;
      restarted = true;
      await restartGateway();
    }),
  );
  assertEveryEventOnce(events);
  assert.ok(reconnects > 0, "the stream never reconnected");
  assert.equal(await status("sdk-resilient"), "finished");
});

test("an approval is listed, granted and its decision read", async () => {
  await launch("gated", "sdk-approve");
  await reaches("sdk-approve", "waiting-approval");
  const waiting = await client.listApprovals({ filter: { runId: "sdk-approve" } });
  assert.equal(waiting.length, 1);
  assert.equal(waiting[0].requestTitle, "Ship it?");
  const decision = { runId: "sdk-approve", nodeId: "approve", iteration: 0, approved: true, note: "fine" };
  assert.equal((await client.submitApproval(decision)).approved, true);
  await reaches("sdk-approve", "finished");
  const output = await client.getNodeOutput({ runId: "sdk-approve", nodeId: "approve", iteration: 0 });
  assert.equal(output.status, "produced");
  assert.equal(output.row.approved, true);
  assert.equal(output.row.note, "fine");
  assert.equal(output.row.decidedBy, "user:op");
  await assert.rejects(client.submitApproval(decision), (error) => error.code === "AlreadyDecided");
});

test("the trees of a run are streamed: all of it first, then what changes", async () => {
  await launch("gated", "sdk-trees");
  await reaches("sdk-trees", "waiting-approval");
  const told = [];
  const stream = client.streamDevTools({ runId: "sdk-trees" });
  await within(STREAM_MS, "the trees", (async () => {
    for await (const { event, payload } of stream) {
      assert.equal(event, "devtools.event");
      told.push(payload.event);
      if (told.length === 1) await client.submitApproval({ runId: "sdk-trees", nodeId: "approve", iteration: 0, approved: true });
      if (told.length > 1 && JSON.stringify(payload).includes('"finished"')) break;
    }
  })());
  assert.equal(told[0].kind, "snapshot");
  assert.equal(told[0].snapshot.root.type, "workflow");
  const numbers = told.map((event) => event[event.kind].seq);
  assert.deepEqual(numbers, numbers.map((_, position) => numbers[0] + position));
  await reaches("sdk-trees", "finished");
  const snapshot = await client.getDevToolsSnapshot({ runId: "sdk-trees" });
  assert.ok(snapshot.seq >= numbers.at(-1));
});

test("a denial fails the run", async () => {
  await launch("gated", "sdk-deny");
  await reaches("sdk-deny", "waiting-approval");
  await client.submitApproval({ runId: "sdk-deny", nodeId: "approve", iteration: 0, approved: false });
  await reaches("sdk-deny", "failed");
});

test("a running run is cancelled", async () => {
  await launch("slow", "sdk-cancel", { ms: 20_000 });
  await reaches("sdk-cancel", "running");
  assert.equal((await client.cancelRun({ runId: "sdk-cancel" })).status, "cancelled");
  await reaches("sdk-cancel", "cancelled");
});

test("a parked run is cancelled and says so on its stream", async () => {
  await launch("gated", "sdk-cancel-parked");
  await reaches("sdk-cancel-parked", "waiting-approval");
  await client.cancelRun({ runId: "sdk-cancel-parked" });
  const stream = client.streamRunEvents({ runId: "sdk-cancel-parked", afterSeq: 0 });
  const events = await within(STREAM_MS, "the end of the parked run", collect(stream));
  assert.equal(events.at(-1).payload.status, "cancelled");
});

test("node outputs are read", async () => {
  const output = await client.getNodeOutput({ runId: "sdk-chain", nodeId: "t1", iteration: 0 });
  assert.deepEqual(output.row, { ok: true, n: 1 });
});

test("a run that waits for a signal goes on with what it tells", async () => {
  await launch("signal", "sdk-signal", { corr: "order-1" });
  await reaches("sdk-signal", "waiting-event");
  const signal = { runId: "sdk-signal", signalName: "user-feedback", payload: { rating: 5 } };
  await client.submitSignal({ ...signal, correlationId: "order-2" });
  assert.equal(await status("sdk-signal"), "waiting-event");
  await client.submitSignal({ ...signal, correlationId: "order-1" });
  await reaches("sdk-signal", "finished");
  const output = await client.getNodeOutput({ runId: "sdk-signal", nodeId: "user-feedback", iteration: 0 });
  assert.equal(output.row.rating, 5);
});

test("a refusal reaches the caller with its code, status and scope", async () => {
  const refusal = await reader.launchRun({ workflow: "chain" }).catch((error) => error);
  assert.ok(refusal instanceof GatewayRpcError);
  assert.deepEqual([refusal.code, refusal.status, refusal.requiredScope], ["FORBIDDEN", 403, "run:write"]);
});

await run();
