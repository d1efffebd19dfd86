// Bodies of tasks: what is called when one is dispatched. The result is JSON text, or a promise of it.

import { checkedText } from "smithers:output";

/** What a function that is called again would do again. */
const SAME_AGAIN = new Set(["INVALID_OUTPUT", "HEARTBEAT_PAYLOAD_TOO_LARGE", "HEARTBEAT_PAYLOAD_NOT_JSON_SERIALIZABLE"]);

/** Whether the author of an error, as data, left another attempt open. */
export function mayRetry(error) {
  return error.details?.failureRetryable !== false;
}

/** The function of a compute task. */
export class ComputeBody {
  constructor(nodeId, run, schema, timeoutMs, heartbeatTimeoutMs) {
    this.nodeId = nodeId;
    this.run = run;
    this.schema = schema;
    this.timeoutMs = timeoutMs;
    this.heartbeatTimeoutMs = heartbeatTimeoutMs;
  }

  begin() {
    const { run } = this;
    const value = run();
    if (typeof value?.then !== "function") return this.checked(value);
    return Promise.resolve(value).then((value) => this.checked(value));
  }

  checked(value) {
    return checkedText(value, this.schema, this.nodeId);
  }

  /** Whether another attempt may end better. */
  mayRetry(error) {
    return !SAME_AGAIN.has(error.code) && mayRetry(error);
  }
}

/** A value that is stored by an attempt of its own, so that it can be kept, or scored, like the result of a function. */
export class StaticBody extends ComputeBody {
  constructor(nodeId, value, schema) {
    super(nodeId, () => value, schema, null, null);
    /** What its result depends on, and what scorers are told that it was asked. */
    this.value = value;
  }
}
