// When an Approval asks nobody: what its author says, with conditions as they are in this frame.

import { SmithersError } from "smithers:errors";
import { currentFrame } from "smithers:frame";

/** Most earlier approvals that an Approval can ask for: all of them are read when its turn comes. */
const MOST_PRECEDENTS = 1000;
const KNOWN = ["after", "condition", "audit", "revertOn"];

export function autoApproveOf({ autoApprove, requiredApprovals = 1 }) {
  if (autoApprove === undefined || autoApprove === null) return null;
  if (typeof autoApprove !== "object" || Array.isArray(autoApprove)) refuse(" must be an object");
  const unknown = Object.keys(autoApprove).find((key) => !KNOWN.includes(key));
  if (unknown !== undefined) refuse(` knows ${KNOWN.join(", ")}, not ${JSON.stringify(unknown)}`);
  if (requiredApprovals > 1) refuse(" and requiredApprovals above 1 exclude each other: either people are counted or nobody is asked");
  return {
    after: after(autoApprove.after),
    audit: flag(autoApprove.audit ?? true, "audit"),
    conditionMet: met(autoApprove.condition, "condition"),
    revertOnMet: met(autoApprove.revertOn, "revertOn"),
  };
}

function after(value) {
  if (value === undefined || value === null) return null;
  if (Number.isInteger(value) && value >= 0 && value <= MOST_PRECEDENTS) return value;
  refuse(`.after must be an integer from 0 to ${MOST_PRECEDENTS}`);
}

/** A condition is true, false, or a function of ctx that says so. A promise is neither: it would always hold. */
function met(value, name) {
  if (value === undefined || value === null) return null;
  return flag(typeof value === "function" ? value(currentFrame().ctx) : value, name);
}

function flag(value, name) {
  if (typeof value === "boolean") return value;
  refuse(`.${name} must be true or false, got ${typeof value}`);
}

function refuse(message) {
  throw new SmithersError("INVALID_INPUT", `autoApprove${message}`);
}
