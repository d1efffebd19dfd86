// WaitForEvent and Signal: nodes that wait for a signal and store it.

import { SmithersError } from "smithers:errors";
import { currentFrame } from "smithers:frame";
import { checkedText } from "smithers:output";
import { Kind, host } from "smithers:render";
import { Body, milliseconds, taskId, taskSpec, taskTable } from "smithers:task";

const TIMEOUTS = ["fail", "skip", "continue"];

/** Checks a signal that a node has taken. */
class SignalBody {
  constructor(nodeId, schema) {
    this.nodeId = nodeId;
    this.schema = schema;
    this.timeoutMs = null;
    this.heartbeatTimeoutMs = null;
  }

  begin(call) {
    return checkedText(call.given, this.schema, this.nodeId);
  }

  /** The same signal would be checked again. */
  mayRetry() {
    return false;
  }
}

export function WaitForEvent(props) {
  if (props.skipIf) return null;
  return waiter(props, "WaitForEvent").node;
}

/** Waits for the signal of its own id; its children are rendered with what came. */
export function Signal(props) {
  if (props.skipIf) return null;
  const { schema, children, ...rest } = props;
  const { node, spec } = waiter({ ...rest, event: props.id, output: schema }, "Signal");
  if (typeof children !== "function") return [node, children ?? null];
  const rows = currentFrame().session.rows.ofNode(spec.table, spec.id, Infinity);
  const row = rows.find(({ iteration }) => iteration === spec.iteration);
  return row === undefined ? node : [node, children(parsed(schema, row.value()))];
}

/** What a schema makes of a row; a text or a table names its schema only by key. */
function parsed(schema, value) {
  const result = schema?.safeParse?.(value);
  return result?.success ? result.data : value;
}

function waiter(props, component) {
  const id = taskId(props, component);
  const table = taskTable(props, component);
  const label = props.label ?? `wait:${props.event}`;
  const spec = taskSpec({ ...props, label }, id, table);
  const frame = currentFrame();
  const schema = props.outputSchema ?? frame.session.registry.schema(table);
  spec.plain = false;
  spec.body = Body.event;
  spec.wait = eventOf(props, component);
  spec.wait.callback = frame.keep(new SignalBody(spec.id, schema));
  spec.continueOnFail = spec.wait.onTimeout !== "fail";
  return { node: host(Kind.task, "smithers:wait-for-event", { ...props, label, waitAsync: Boolean(props.async) }, spec, null), spec };
}

function eventOf(props, component) {
  const refuse = (message) => {
    throw new SmithersError("INVALID_INPUT", `${component} "${props.id}": ${message}`);
  };
  const { event, correlationId, onTimeout = "fail" } = props;
  if (typeof event !== "string" || event.trim() === "") refuse("it needs the name of an event");
  if (correlationId !== undefined && correlationId !== null && (typeof correlationId !== "string" || correlationId === "")) {
    refuse("correlationId must be a text that is not empty");
  }
  if (!TIMEOUTS.includes(onTimeout)) refuse(`onTimeout must be one of ${TIMEOUTS.join(", ")}, got ${JSON.stringify(onTimeout)}`);
  return {
    signalName: event.trim(),
    correlationId: correlationId ?? null,
    timeoutMs: milliseconds(props.timeoutMs, "timeoutMs"),
    onTimeout,
    tagged: Boolean(props.tagged),
    waitAsync: Boolean(props.async),
  };
}
