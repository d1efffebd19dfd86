// The Gateway that a module sees: it collects what the module registers, nothing listens.

import { SmithersError } from "smithers:errors";
import { WorkflowObject } from "smithers:create";

const warnings = new Set();
const gateways = [];

/** Tells the operator something about this module, once. */
export function warn(message) {
  warnings.add(message);
}

export function collectedWarnings() {
  return [...warnings];
}

export function constructedGateways() {
  return gateways;
}

export class Gateway {
  constructor(options = {}) {
    this.options = options;
    this.registered = new Map();
    gateways.push(this);
  }

  register(key, workflow, options = {}) {
    if (typeof key !== "string" || key === "") throw new SmithersError("INVALID_INPUT", "register needs a key");
    if (!(workflow instanceof WorkflowObject)) {
      throw new SmithersError("INVALID_INPUT", `what is registered as "${key}" is no workflow; smithers(ctx => …) makes one`);
    }
    if (this.registered.has(key)) throw new SmithersError("DUPLICATE_ID", `a workflow is already registered as "${key}"`);
    if (options.ui !== undefined) warn(`workflow "${key}": option "ui" is not served yet`);
    this.registered.set(key, { workflow, options });
    return this;
  }

  extend(namespace) {
    warn(`gateway extension "${namespace}" is not served yet`);
    return this;
  }

  async listen(address = {}) {
    if (address.host !== undefined || address.port !== undefined) {
      warn("listen(): the address comes from the gateway's own configuration");
    }
    return this;
  }

  async close() {}
}
