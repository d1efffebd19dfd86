// Components that can be written today and run in a later version: rendering one says so.

import { Kind, host } from "smithers:render";

/** Stands in the tree for something that this build knows but does not run. */
export function later(component, props) {
  return host(Kind.later, "smithers:later", { id: props.id }, { component }, null);
}

function laterComponent(component) {
  const render = (props) => (props.skipIf ? null : later(component, props));
  Object.defineProperty(render, "name", { value: component });
  return render;
}

export const Sandbox = laterComponent("Sandbox");

export const DelegationChain = laterComponent("DelegationChain");
export const Trellis = laterComponent("Trellis");
