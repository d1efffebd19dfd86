// Saga: actions one after another, and what undoes those that were completed when one fails.

import { Children, Fragment, isValidElement } from "smithers:element";
import { guarded, unlimited } from "smithers:inherited";
import { Region, constructId, part, refuse, region } from "smithers:recovery";
import { Kind, host } from "smithers:render";
import { milliseconds } from "smithers:task";

const OUTCOMES = ["compensate", "compensate-and-fail", "fail"];
const ON_CANCEL = ["none", "compensate"];
/** How long compensations of a cancelled run may take, in milliseconds: ten minutes. */
const CANCEL_TIMEOUT_MS = 600_000;

/** A step of a Saga, written as its child: `id`, `compensation`, `label?`, and the action as the only child. */
export function SagaStep(props) {
  refuse("Saga.Step", props.id, "it belongs directly into a Saga");
}

/** `onCancel` and `cancelTimeoutMs` are additions of ours. */
export function Saga(props) {
  if (props.skipIf) return null;
  const steps = stepsOf(props);
  const onFailure = member(props, "onFailure", OUTCOMES);
  const spec = {
    id: constructId(props, "saga"),
    onFailure: OUTCOMES.indexOf(onFailure),
    cancelMs: member(props, "onCancel", ON_CANCEL) === "none" ? null : (milliseconds(props.cancelTimeoutMs, "cancelTimeoutMs") ?? CANCEL_TIMEOUT_MS),
  };
  const parts = [
    region(Region.actions, "smithers:saga-actions", guarded(steps.map((step) => stepNode(step, step.action)))),
    region(Region.compensations, "smithers:saga-compensations", unlimited(steps.map((step) => stepNode(step, step.compensation)))),
  ];
  return host(Kind.saga, "smithers:saga", props, spec, parts);
}

Saga.Step = SagaStep;

/** A step is one place, whatever its action comes to: compensations are found by the place of their action. */
function stepNode({ id, label }, element) {
  return part(host(Kind.group, "smithers:saga-step", { id, label }, null, element), id);
}

function stepsOf(props) {
  const steps = props.steps === undefined ? written(props.children, props.id) : props.steps;
  if (!Array.isArray(steps) || steps.length === 0) refuse("Saga", props.id, "it needs steps");
  const seen = new Set();
  for (const step of steps) check(step, seen, props.id);
  return steps;
}

function check(step, seen, saga) {
  const id = step?.id;
  if (typeof id !== "string" || id === "") refuse("Saga", saga, "a step has no id");
  if (seen.has(id)) refuse("Saga", saga, `two steps have the id "${id}"`);
  if (isNothing(step.action)) refuse("Saga", saga, `step "${id}" has no action`);
  if (!isValidElement(step.compensation)) refuse("Saga", saga, `step "${id}" has no compensation`);
  seen.add(id);
}

/** The steps that are written as children. */
function written(children, saga) {
  const steps = [];
  for (const child of Children.toArray(children)) {
    if (isNothing(child)) continue;
    if (child.type === Fragment) {
      steps.push(...written(child.props.children, saga));
    } else if (child.type === SagaStep) {
      const { id, label, compensation, children: action } = child.props;
      steps.push({ id, label, compensation, action });
    } else {
      refuse("Saga", saga, "its children must be Saga.Step");
    }
  }
  return steps;
}

function isNothing(value) {
  return value === undefined || value === null || typeof value === "boolean";
}

function member(props, name, allowed) {
  const value = props[name] ?? allowed[0];
  if (!allowed.includes(value)) refuse("Saga", props.id, `${name} must be one of ${allowed.join(", ")}, got ${JSON.stringify(value)}`);
  return value;
}
