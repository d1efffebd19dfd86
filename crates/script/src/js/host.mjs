// What the host calls. Loading it prepares the global scope for user modules.

import "smithers:globals";
import "smithers:commonjs";
import { SmithersError, describeError } from "smithers:errors";
import { WorkflowObject, madeWorkflows } from "smithers:create";
import { Gateway, collectedWarnings, constructedGateways } from "smithers:gateway";
import { issueText } from "smithers:output";
import { fieldsOf } from "smithers:schema";
import * as session from "smithers:session";
import * as walk from "smithers:walk";

export { fireTimer } from "smithers:globals";
export { abortCall, addRow, askCall, beginFrame, closeSession, dropFrame, endFrame, failFrame, forgetAsked, startCall, startScoring, takeReads } from "smithers:session";

export { walk };

/** Registered workflows, in order; the host names them by index. */
const workflows = [];

/** Evaluates module `entry` and describes what it registers as JSON. `stem` names a default export. */
export async function load(entry, stem) {
  await runRegistration(await import(entry), stem);
  const registered = constructedGateways().flatMap((gateway) => [...gateway.registered]);
  if (registered.length === 0) {
    throw new SmithersError("WORKFLOW_MISSING_DEFAULT", "the module registers no workflow: export register(gateway), a default function, or a workflow");
  }
  const described = registered.map(([key, { workflow, options }]) => {
    if (workflows.some((known) => known.key === key)) throw new SmithersError("DUPLICATE_ID", `a workflow is already registered as "${key}"`);
    workflows.push({ key, workflow });
    return describeWorkflow(key, workflow, options);
  });
  const parts = numberParts(described[0].key);
  return JSON.stringify({ workflows: described, parts, warnings: collectedWarnings(), gatewayOptions: gatewayOptions() });
}

/** Numbers all workflows that the module has made so far, and describes those that only subflows can run. */
function numberParts(key) {
  for (const workflow of madeWorkflows()) {
    if (!workflows.some((known) => known.workflow === workflow)) workflows.push({ key: null, workflow });
  }
  workflows.forEach(({ workflow }, index) => (workflow.part ??= index));
  const described = workflows.map(({ key: own, workflow }, index) => (own === null ? describeWorkflow(`${key}#${index}`, workflow, {}) : null));
  return described.filter((part) => part !== null);
}

async function runRegistration(namespace, stem) {
  const entry = namespace.register ?? namespace.default;
  if (entry instanceof WorkflowObject) new Gateway().register(stem, entry);
  else if (typeof entry === "function") await entry(new Gateway());
}

function describeWorkflow(key, workflow, options) {
  const { registry } = workflow;
  return {
    key,
    readableName: workflow.readableName ?? null,
    description: workflow.description ?? null,
    system: Boolean(options.system),
    inputFields: workflow.inputSchema === undefined ? null : fieldsOf(workflow.inputSchema, true),
    outputs: [...registry.schemas].map(([key, schema]) => ({ key, fields: fieldsOf(schema) })),
    resultTable: workflow.resultKey() ?? null,
    schedule: scheduleOf(key, options.schedule),
    webhook: webhookOf(key, options.webhook),
    declaredAt: workflow.declaredAt,
  };
}

const SCHEDULE_OPTIONS = ["pattern", "timeZone", "overlap", "catchUp"];

/** The plan of a `schedule` option: a pattern, or an object with one. */
function scheduleOf(key, schedule) {
  if (schedule === undefined || schedule === null) return null;
  const plan = typeof schedule === "string" ? { pattern: schedule } : schedule;
  const refuse = (what) => {
    throw new SmithersError("INVALID_INPUT", `workflow "${key}": ${what}`);
  };
  if (typeof plan !== "object" || typeof plan.pattern !== "string") {
    refuse('schedule must be a pattern such as "0 8 * * 1-5", or an object with a pattern');
  }
  const unknown = Object.keys(plan).find((name) => !SCHEDULE_OPTIONS.includes(name));
  if (unknown !== undefined) refuse(`schedule has no option "${unknown}"; there are ${SCHEDULE_OPTIONS.join(", ")}`);
  if (plan.timeZone !== undefined && typeof plan.timeZone !== "string") refuse("schedule.timeZone must be a name such as Europe/Berlin");
  if (!["allow", "skip", undefined].includes(plan.overlap)) refuse('schedule.overlap must be "allow" or "skip"');
  if (!["one", "all", "none", undefined].includes(plan.catchUp)) refuse('schedule.catchUp must be "one", "all" or "none"');
  const { pattern, timeZone, overlap, catchUp } = plan;
  return { pattern, timeZone, overlap, catchUp };
}

const WEBHOOK_OPTIONS = {
  "": ["secret", "signatureHeader", "signaturePrefix", "deliveryHeader", "replay", "signal", "run"],
  ".signal": ["name", "correlationIdPath", "runIdPath", "payloadPath"],
  ".run": ["enabled", "inputPath"],
  ".replay": ["timestampHeader", "toleranceMs"],
};
const MAX_TOLERANCE_MS = 86_400_000;

/** The `webhook` option with its defaults. What it says of the secret is not repeated in an error. */
function webhookOf(key, webhook) {
  if (webhook === undefined || webhook === null) return null;
  const { signal = {}, run, replay } = webhook;
  const parts = [["", webhook], [".signal", signal], [".run", run ?? {}], [".replay", replay ?? {}]];
  for (const [part, options] of parts) checkWebhookPart(key, part, options);
  return {
    secret: webhook.secret ?? "",
    signatureHeader: (webhook.signatureHeader ?? "x-hub-signature-256").toLowerCase(),
    signaturePrefix: webhook.signaturePrefix ?? "sha256=",
    deliveryHeader: webhook.deliveryHeader?.toLowerCase() ?? null,
    replay: replayOf(key, replay),
    signal: (signal.name ?? "").trim() === "" ? null : signal,
    run: run === undefined || run.enabled === false ? null : run,
  };
}

/** The guard against recorded requests, which are good for five minutes unless the module says otherwise. */
function replayOf(key, replay) {
  if (replay === undefined) return null;
  const { timestampHeader = "", toleranceMs = 300_000 } = replay;
  const refuse = (what) => {
    throw new SmithersError("INVALID_INPUT", `workflow "${key}": webhook.replay.${what}`);
  };
  if (timestampHeader.trim() === "") refuse("timestampHeader must name the header with the time of a request");
  const isTolerance = Number.isInteger(toleranceMs) && toleranceMs >= 1 && toleranceMs <= MAX_TOLERANCE_MS;
  if (!isTolerance) refuse(`toleranceMs must be a whole number from 1 to ${MAX_TOLERANCE_MS}`);
  return { timestampHeader: timestampHeader.toLowerCase(), toleranceMs };
}

function checkWebhookPart(key, part, options) {
  const refuse = (what) => {
    throw new SmithersError("INVALID_INPUT", `workflow "${key}": webhook${part}${what}`);
  };
  if (typeof options !== "object" || options === null || Array.isArray(options)) refuse(" must be an object");
  const known = WEBHOOK_OPTIONS[part];
  for (const [name, value] of Object.entries(options)) {
    if (!known.includes(name)) refuse(` has no option "${name}"; there are ${known.join(", ")}`);
    if (["signal", "run", "replay"].includes(name) || value === undefined) continue;
    const type = { enabled: "boolean", toleranceMs: "number" }[name] ?? "string";
    if (typeof value !== type) refuse(`.${name} must be a ${type}`);
  }
}

/** Options of constructed gateways that can be written as JSON, the last one winning. */
function gatewayOptions() {
  const options = Object.assign({}, ...constructedGateways().map((gateway) => gateway.options));
  return Object.keys(options).length === 0 ? null : JSON.parse(JSON.stringify(options));
}

/** Validates the input of a launch and returns it as it is stored. */
export function checkInput(index, text) {
  const input = JSON.parse(text) ?? {};
  if (typeof input !== "object" || Array.isArray(input)) throw new SmithersError("INVALID_INPUT", "the input must be an object");
  const { inputSchema } = workflows[index].workflow;
  if (inputSchema === undefined) return JSON.stringify(input);
  const result = inputSchema.safeParse(input);
  if (!result.success) throw new SmithersError("INVALID_INPUT", `the input does not fit its schema: ${issueText(result.error.issues)}`);
  return JSON.stringify(result.data);
}

export function openSession(id, index, runId, input, auth, continuation) {
  session.openSession(id, workflows[index].workflow, runId, input, auth, continuation);
}

/** A thrown value as JSON text. */
export function describe(thrown) {
  return JSON.stringify(describeError(thrown));
}
