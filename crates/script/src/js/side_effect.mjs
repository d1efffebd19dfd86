// What a task says of its effect on the world outside, and the function that takes it back.

import { SmithersError } from "smithers:errors";
import { currentFrame } from "smithers:frame";

/** There is no function that takes it back. */
const NO_REVERT = -1;

/** The body of a call that takes back what an earlier attempt has done. */
class RevertBody {
  constructor(nodeId, run) {
    this.nodeId = nodeId;
    this.run = run;
    this.timeoutMs = null;
    this.heartbeatTimeoutMs = null;
  }

  /** What the function returns does not matter. */
  async begin(call) {
    await this.run(call.given);
    return "null";
  }

  mayRetry() {
    return false;
  }
}

/** The `sideEffect` of a task as the host reads it; null without one. */
export function sideEffectOf({ sideEffect }, nodeId) {
  if (sideEffect === undefined || sideEffect === null || sideEffect === false) return null;
  const refuse = (what) => {
    throw new SmithersError("INVALID_INPUT", `sideEffect of task "${nodeId}" ${what}`);
  };
  if (sideEffect !== true && (typeof sideEffect !== "object" || Array.isArray(sideEffect))) refuse("must be true or an object");
  const { idempotent = false, revert } = sideEffect;
  if (typeof idempotent !== "boolean") refuse("has an idempotent that is no boolean");
  if (revert !== undefined && typeof revert !== "function") refuse("has a revert that is no function");
  const index = revert === undefined ? NO_REVERT : currentFrame().keepRevert(new RevertBody(nodeId, revert));
  return { idempotent, revert: index };
}
