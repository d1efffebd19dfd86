// Subflow: a task that stands for a run of another workflow of the same module.

import { WorkflowObject } from "smithers:create";
import { deferred, resolveDeps } from "smithers:deps";
import { SmithersError } from "smithers:errors";
import { currentFrame } from "smithers:frame";
import { handDown } from "smithers:inherited";
import { later } from "smithers:later";
import { currentScope } from "smithers:loop";
import { Kind, host } from "smithers:render";
import { Body, taskId, taskSpec, taskTable } from "smithers:task";

const MODES = ["childRun", "inline"];
/** Properties of a Subflow that this build cannot honour. */
const NOT_YET = ["timeoutMs", "heartbeatTimeoutMs", "cache", "needsApproval"];

export function Subflow(props) {
  if (props.skipIf) return null;
  const { mode = "childRun" } = props;
  if (!MODES.includes(mode)) refuse(props.id, `mode must be one of ${MODES.join(", ")}, got ${JSON.stringify(mode)}`);
  if (mode === "inline") return host(Kind.sequence, "smithers:subflow", props, null, handDown(props));
  const id = taskId(props, "Subflow");
  const spec = taskSpec(props, id, taskTable(props, "Subflow"));
  const missing = NOT_YET.find((name) => props[name] !== undefined && props[name] !== false);
  if (missing !== undefined) return later(`Subflow with ${missing}`, props);
  const deps = resolveDeps(props, currentFrame(), currentScope());
  if (deps !== null) {
    if (deps.missing.length > 0) return deferred(spec, deps.missing);
    spec.dependsOn = [...spec.dependsOn, ...deps.ids];
  }
  spec.plain = false;
  spec.body = Body.child;
  spec.payload = JSON.stringify({ part: partOf(props.workflow, id), input: inputOf(props.input) });
  return host(Kind.task, "smithers:subflow", props, spec, null);
}

/** The position of a workflow in its module, by which its runs find it again after a restart. */
function partOf(given, id) {
  const workflow = typeof given === "function" ? made(given, id) : given;
  if (workflow?.path !== undefined) refuse(id, "a workflow by path is not supported: import it");
  if (!(workflow instanceof WorkflowObject)) refuse(id, "its workflow is none; smithers(ctx => …) makes one");
  if (workflow.part === undefined) refuse(id, "its workflow was made while rendering; make it at the top of the module");
  return workflow.part;
}

function made(make, id) {
  try {
    return make();
  } catch (cause) {
    refuse(id, `the function given as its workflow made none (${cause?.message ?? cause}); smithers(ctx => …) makes one`);
  }
}

/** An input is an object; anything else becomes the `value` of one. */
function inputOf(input) {
  if (input === undefined || input === null) return {};
  return typeof input === "object" && !Array.isArray(input) ? input : { value: input };
}

function refuse(id, why) {
  throw new SmithersError("INVALID_INPUT", `Subflow "${id}": ${why}`);
}
