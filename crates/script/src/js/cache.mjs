// What the result of a task depends on, so that one that was kept may stand for it.

import { z } from "zod";
import { SmithersError } from "smithers:errors";
import { inherited } from "smithers:inherited";
import { asksForMemory } from "smithers:memory";
import { native as host } from "smithers:native";
import { jsonText } from "smithers:output";
import { definitionOf } from "smithers:schema";

const KNOWN = ["by", "version", "key", "ttlMs", "scope", "cacheSideEffects", "keyIncludes"];
const SCOPES = ["run", "workflow", "global"];
const INCLUDES = ["prompt-and-model", "policy-only"];

/** A task whose result may be kept: its policy, and what the values of `by` are taken from. */
class Plan {
  constructor(policy, props, spec, schema) {
    this.policy = policy;
    this.needs = props.needs ?? {};
    this.dependsOn = spec.dependsOn;
    this.schema = schema;
  }
}

/** How the result of a task is kept; null when it is not. `spec` is what else is known of the task. */
export function cachePlan(props, spec, schema) {
  const asked = props.cache ?? inherited().caches;
  if (!asked) return null;
  const policy = asked === true ? null : checkedPolicy(asked, props.id);
  if (asksForMemory(props)) return null;
  // The journal would say that an effect happened which did not, and a worktree would miss what the task does there.
  if (props.sideEffect || inherited().worktree !== null) return null;
  return props.needsApproval && !policy?.cacheSideEffects ? null : new Plan(policy, props, spec, schema);
}

function checkedPolicy(policy, id) {
  const refuse = (what) => {
    throw new SmithersError("INVALID_INPUT", `cache of task "${id}"${what}`);
  };
  if (typeof policy !== "object" || Array.isArray(policy)) refuse(" must be true, false or an object");
  const unknown = Object.keys(policy).find((name) => !KNOWN.includes(name));
  if (unknown !== undefined) refuse(` knows ${KNOWN.join(", ")}, not ${JSON.stringify(unknown)}`);
  const { by, scope, keyIncludes } = policy;
  if (scope !== undefined && !SCOPES.includes(scope)) refuse(`.scope must be one of ${SCOPES.join(", ")}, got ${JSON.stringify(scope)}`);
  if (by !== undefined && typeof by !== "function") refuse(".by must be a function");
  if (keyIncludes !== undefined && !INCLUDES.includes(keyIncludes)) refuse(`.keyIncludes must be one of ${INCLUDES.join(", ")}`);
  return policy;
}

/** What the result of an attempt depends on, as text for the host. Throws when that cannot be told. */
export function cacheRequest(body, session, place, prompt) {
  const { policy, schema } = body.cache;
  const agent = body.chain?.[0];
  const isWhole = policy?.keyIncludes !== "policy-only";
  const told = prompt ?? (body.value === undefined ? null : jsonText(body.value));
  return jsonText({
    scope: policy?.scope ?? "workflow",
    taskKey: policy?.key === undefined ? place.nodeId : String(policy.key),
    iteration: policy === null ? place.iteration : null,
    version: policy?.version === undefined ? null : String(policy.version),
    ttlMs: policy === null ? null : timeToLive(policy.ttlMs),
    outputSchemaSig: host.sha256(schemaText(schema)),
    agentSig: agent === undefined ? null : String(agent.id ?? "agent"),
    toolsSig: agent?.tools === undefined ? null : host.sha256(toolsText(agent.tools)),
    model: isWhole ? modelOf(agent) : null,
    promptSig: isWhole && told !== null ? host.sha256(told) : null,
    by: valueOf(policy?.by?.(contextOf(body.cache, session, place))),
  });
}

/** Nothing is good for a time that is none. */
function timeToLive(ttlMs) {
  if (ttlMs === undefined || ttlMs === null) return null;
  const isTime = typeof ttlMs === "number" && ttlMs >= 0 && ttlMs <= Number.MAX_SAFE_INTEGER;
  return isTime ? Math.floor(ttlMs) : 0;
}

function valueOf(value) {
  if (typeof value?.then === "function") throw new SmithersError("INVALID_INPUT", "cache.by must not give a promise");
  return value === undefined ? null : value;
}

/** What `by` is given. */
function contextOf({ needs, dependsOn }, session, { nodeId, iteration, attempt }) {
  const ctx = { input: session.input, executionId: session.runId, stepId: nodeId, attempt, iteration, loop: { iteration: iteration + 1 } };
  for (const id of dependsOn) ctx[id] = session.rows.anyOf(id, iteration);
  for (const key of Object.keys(needs)) ctx[key] = session.rows.anyOf(needs[key], iteration);
  return ctx;
}

/** Texts of schemas: the same few are asked for by every attempt. */
const known = new WeakMap();

function schemaText(schema) {
  let text = known.get(schema);
  if (text === undefined) {
    text = JSON.stringify(z.toJSONSchema(schema, { io: "output", unrepresentable: "any" }));
    known.set(schema, text);
  }
  return text;
}

function toolsText(tools) {
  const described = Object.entries(tools).map(([name, tool]) => {
    const schema = tool?.inputSchema ?? tool?.parameters;
    return [name, tool?.description ?? null, definitionOf(schema) === undefined ? null : schemaText(schema)];
  });
  return JSON.stringify(described.sort(([one], [other]) => (one < other ? -1 : 1)));
}

function modelOf(agent) {
  const model = agent?.model;
  if (model === undefined || model === null) return null;
  return typeof model === "string" ? model : String(model.modelId ?? model.id ?? "unknown");
}
