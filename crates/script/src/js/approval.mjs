// Approvals: the component, the gate that may stay open, and the schemas of their rows.

import { z } from "zod";
import { SmithersError } from "smithers:errors";
import { autoApproveOf } from "smithers:auto_approve";
import { ownershipOf } from "smithers:ownership";
import { Kind, host } from "smithers:render";
import { Body, Task, stringList, taskId, taskSpec, taskTable } from "smithers:task";
import { jsx } from "smithers:element";

/** Row of an Approval. */
export const approvalDecisionSchema = z.object({
  approved: z.boolean(),
  note: z.string().nullable().optional(),
  decidedBy: z.string().nullable(),
  decidedAt: z.string().nullable(),
});

/** Row of an Approval with mode "select". */
export const approvalSelectionSchema = z.object({
  selected: z.string(),
  notes: z.string().nullable(),
});

/** Row of an Approval with mode "rank". */
export const approvalRankingSchema = z.object({
  ranked: z.array(z.string()),
  notes: z.string().nullable(),
});

const MODES = { approve: "decision", select: "select", rank: "rank" };
/** Most people whose yes an approval can need. */
const MOST_APPROVALS = 100;
const DENIALS = ["fail", "continue", "skip"];

export function Approval(props) {
  if (props.skipIf) return null;
  const id = taskId(props, "Approval");
  const label = props.label ?? props.request?.title ?? id;
  const spec = taskSpec({ ...props, label }, id, taskTable(props, "Approval"));
  spec.body = Body.decision;
  spec.plain = false;
  spec.approval = { onDeny: member(props.onDeny ?? "fail", DENIALS, "onDeny"), request: requestOf(props, id) };
  return host(Kind.task, "smithers:task", { ...props, label, needsApproval: true, waitAsync: Boolean(props.async) }, spec, null);
}

function requestOf(props, id) {
  const { request = {} } = props;
  const mode = MODES[member(props.mode ?? "approve", Object.keys(MODES), "mode")];
  return {
    mode,
    waitAsync: Boolean(props.async),
    title: request.title ?? id,
    summary: request.summary ?? null,
    metadata: request.metadata ?? null,
    options: mode === "decision" ? [] : optionsOf(props.options, id),
    allowedScopes: stringList(props.allowedScopes, "allowedScopes"),
    allowedUsers: stringList(props.allowedUsers, "allowedUsers"),
    requiredApprovals: requiredOf(props, mode),
    ownership: ownershipOf(props),
    autoApprove: autoApproveOf(props),
  };
}

/** How many people have to say yes. People who choose could choose differently, so a choice is one person's. */
function requiredOf({ requiredApprovals = 1 }, mode) {
  if (!Number.isInteger(requiredApprovals) || requiredApprovals < 1 || requiredApprovals > MOST_APPROVALS) {
    throw new SmithersError("INVALID_INPUT", `requiredApprovals must be an integer from 1 to ${MOST_APPROVALS}`);
  }
  if (requiredApprovals > 1 && mode !== "decision") {
    throw new SmithersError("INVALID_INPUT", 'requiredApprovals above 1 needs mode "approve": a choice is made by one person');
  }
  return requiredApprovals;
}

function optionsOf(options, id) {
  if (!Array.isArray(options) || options.length === 0) {
    throw new SmithersError("APPROVAL_OPTIONS_REQUIRED", `Approval "${id}" needs options to choose from`);
  }
  return options.map(({ key, label, summary, metadata }) => {
    if (typeof key !== "string" || key === "") {
      throw new SmithersError("INVALID_INPUT", `an option of Approval "${id}" has no key`);
    }
    return { key, label: label ?? key, summary, metadata };
  });
}

function member(value, allowed, name) {
  if (allowed.includes(value)) return value;
  throw new SmithersError("INVALID_INPUT", `${name} must be one of ${allowed.join(", ")}, got ${JSON.stringify(value)}`);
}

const OPEN = { approved: true, note: "auto-approved", decidedBy: null, decidedAt: null };

/** An Approval that asks only `when` told to; otherwise a task that stores an approval. */
export function ApprovalGate(props) {
  const { when, ...rest } = props;
  if (props.skipIf) return null;
  if (when) return host(Kind.group, "smithers:branch", { if: true }, null, jsx(Approval, rest));
  const { id, output, retries, retryPolicy, dependsOn, label } = rest;
  const open = jsx(Task, { id, output, retries, retryPolicy, dependsOn, label, children: OPEN });
  return host(Kind.group, "smithers:branch", { if: false }, null, open);
}
