// Who is responsible for an Approval, and what becomes of it when nobody answers.

import { SmithersError } from "smithers:errors";
import { milliseconds } from "smithers:task";

/** Longest time of an owner, and of an approval: ten years. */
const MOST_MS = 10 * 365 * 24 * 60 * 60 * 1000;

/** What an Approval says of its owners; the host checks the texts. */
export function ownershipOf(props) {
  const timeoutMs = time(props.timeoutMs, "timeoutMs");
  if (timeoutMs !== null && props.expiresAfterMs !== undefined) refuse("timeoutMs and expiresAfterMs say the same: give one of them");
  const ownership = {
    owner: party(props.owner, "owner"),
    fallbackOwner: party(props.fallbackOwner, "fallbackOwner"),
    escalateAfterMs: time(props.escalateAfterMs, "escalateAfterMs"),
    expiresAfterMs: time(props.expiresAfterMs, "expiresAfterMs") ?? timeoutMs,
    onExpire: outcome(props.onExpire ?? (timeoutMs === null ? "wait" : "deny")),
    forbidSelfApproval: Boolean(props.forbidSelfApproval),
  };
  if (props.onExpire !== undefined && ownership.expiresAfterMs === null) refuse("onExpire needs expiresAfterMs");
  return ownership;
}

function party(value, name) {
  if (value === undefined || value === null) return null;
  if (typeof value === "string") return value;
  refuse(`${name} must be a user id, "team:slug" or "role:name"`);
}

function time(value, name) {
  const ms = milliseconds(value, name);
  if (ms === null || (ms >= 1 && ms <= MOST_MS)) return ms;
  refuse(`${name} must be 1 to ${MOST_MS} milliseconds`);
}

function outcome(value) {
  if (value === "wait" || value === "deny") return value;
  if (value === "approve") refuse('onExpire cannot be "approve": nobody\'s silence is a yes; say "wait" or "deny"');
  refuse(`onExpire must be wait or deny, got ${JSON.stringify(value)}`);
}

function refuse(message) {
  throw new SmithersError("INVALID_INPUT", message);
}
