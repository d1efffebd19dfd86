// Signs of life of an attempt: telling them, and noticing when none comes.

import { native } from "smithers:native";
import { SmithersError } from "smithers:errors";
import { clearTimer, startTimer } from "smithers:globals";
import { jsonText } from "smithers:output";

/** Most bytes of what a heartbeat carries. */
const MOST_BYTES = 1024 * 1024;

export class Pulse {
  /** `silent` gets the error when nothing was heard for `timeoutMs`; null means forever. */
  constructor(callId, nodeId, timeoutMs, silent) {
    this.callId = callId;
    this.nodeId = nodeId;
    this.timeoutMs = timeoutMs;
    this.silent = silent;
    this.heardAt = Date.now();
    this.timer = null;
    if (timeoutMs !== null) this.listen(timeoutMs);
  }

  /** Notes that the attempt is alive. */
  heard() {
    this.heardAt = Date.now();
  }

  /** Notes that the attempt is alive, and keeps `data` for the next one. */
  beat(data) {
    const text = data === undefined ? undefined : payload(data);
    this.heard();
    native.heartbeat(this.callId, text);
  }

  /** The attempt is over. */
  stop() {
    if (this.timer !== null) clearTimer(this.timer);
    this.timer = null;
  }

  listen(delay) {
    this.timer = startTimer(() => this.check(), delay, [], null);
  }

  check() {
    const left = this.timeoutMs - (Date.now() - this.heardAt);
    if (left > 0) this.listen(left);
    else this.silent(this.silence());
  }

  silence() {
    const { nodeId, timeoutMs, heardAt } = this;
    const details = { lastHeartbeatAtMs: heardAt, timeoutMs };
    return new SmithersError("TASK_HEARTBEAT_TIMEOUT", `task "${nodeId}" gave no sign of life for ${timeoutMs} ms`, details);
  }
}

/** What a heartbeat carries, as JSON text. */
function payload(data) {
  const text = serialized(data);
  if (text.length > MOST_BYTES || native.encodeUtf8(text).length > MOST_BYTES) {
    throw new SmithersError("HEARTBEAT_PAYLOAD_TOO_LARGE", `a heartbeat carries at most ${MOST_BYTES} bytes`);
  }
  return text;
}

function serialized(data) {
  let reason = "it is no value of JSON";
  try {
    const text = jsonText(data);
    if (text !== undefined) return text;
  } catch (error) {
    reason = error?.message ?? reason;
  }
  throw new SmithersError("HEARTBEAT_PAYLOAD_NOT_JSON_SERIALIZABLE", `what a heartbeat carries cannot be written as JSON: ${reason}`);
}
