// Bodies of tasks: what is called when one is dispatched. The result is JSON text, or a promise of it.

import { checkedText } from "smithers:output";

/** Whether the author of an error, as data, left another attempt open. */
export function mayRetry(error) {
  return error.details?.failureRetryable !== false;
}

/** The function of a compute task. */
export class ComputeBody {
  constructor(nodeId, run, schema, timeoutMs) {
    this.nodeId = nodeId;
    this.run = run;
    this.schema = schema;
    this.timeoutMs = timeoutMs;
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

  /** Whether another attempt may end better. The same function would give the same wrong value again. */
  mayRetry(error) {
    return error.code !== "INVALID_OUTPUT" && mayRetry(error);
  }
}
