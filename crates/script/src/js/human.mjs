// HumanTask: a question that a person answers with a row.

import { z } from "zod";
import { SmithersError } from "smithers:errors";
import { currentFrame } from "smithers:frame";
import { checkedText } from "smithers:output";
import { ownershipOf } from "smithers:ownership";
import { Kind, host } from "smithers:render";
import { Body, taskId, taskSpec, taskTable } from "smithers:task";

/** Checks an answer with the task's own schema, which may ask for more than can be told beforehand. */
class AnswerBody {
  constructor(nodeId, schema) {
    this.nodeId = nodeId;
    this.schema = schema;
    this.timeoutMs = null;
    this.heartbeatTimeoutMs = null;
  }

  begin(call) {
    return checkedText(call.given, this.schema, this.nodeId);
  }

  /** The same answer would be checked again. */
  mayRetry() {
    return false;
  }
}

export function HumanTask(props) {
  if (props.skipIf) return null;
  const id = taskId(props, "HumanTask");
  const table = taskTable(props, "HumanTask");
  const label = props.label ?? `human:${id}`;
  const spec = taskSpec({ ...props, label }, id, table);
  const frame = currentFrame();
  const schema = props.outputSchema ?? frame.session.registry.schema(table);
  spec.plain = false;
  spec.body = Body.answer;
  spec.callback = frame.keep(new AnswerBody(spec.id, schema));
  spec.approval = { onDeny: "fail", request: requestOf(props, id, schema) };
  return host(Kind.task, "smithers:task", { ...props, label, needsApproval: true, waitAsync: Boolean(props.async) }, spec, null);
}

function requestOf(props, id, schema) {
  const { prompt = id } = props;
  if (typeof prompt !== "string") throw new SmithersError("INVALID_INPUT", `HumanTask "${id}": prompt must be a text`);
  return {
    mode: "gate",
    waitAsync: Boolean(props.async),
    title: props.label ?? prompt,
    summary: prompt,
    metadata: null,
    ownership: ownershipOf(props),
    answerSchema: described(schema),
  };
}

/** What is known of each schema. */
const descriptions = new WeakMap();

/** The JSON Schema of what is asked for; an empty one where it cannot be told. */
function described(schema) {
  if (!descriptions.has(schema)) descriptions.set(schema, describe(schema));
  return descriptions.get(schema);
}

function describe(schema) {
  try {
    return z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  } catch {
    return {};
  }
}
