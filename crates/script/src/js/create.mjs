// `createSmithers`: the schemas of a family of workflows, and the workflows made from them.

import { SmithersError } from "smithers:errors";
import { useCtx } from "smithers:frame";
import { warn } from "smithers:gateway";
import { requireObjectSchema } from "smithers:schema";
import * as components from "smithers:components";
import * as later from "smithers:later";

/** Where a task's output goes, by key, by schema object or by table. */
class Registry {
  #keys = new Map();
  #ambiguous = new Set();

  constructor(schemas) {
    this.inputSchema = schemas.input;
    this.schemas = new Map();
    this.outputs = {};
    this.tables = {};
    for (const [key, schema] of Object.entries(schemas)) {
      requireObjectSchema(schema, key);
      if (key !== "input") this.#add(key, schema, Object.values(schemas).filter((other) => other === schema).length > 1);
    }
    Object.freeze(this.outputs);
    Object.freeze(this.tables);
  }

  /** A schema under several keys says nothing about the table: each key gets a clone of its own. */
  #add(key, schema, shared) {
    if (shared) this.#ambiguous.add(schema);
    const own = shared ? schema.clone() : schema;
    this.schemas.set(key, own);
    this.outputs[key] = own;
    this.tables[key] = Object.freeze({ key });
    this.#keys.set(own, key);
    this.#keys.set(this.tables[key], key);
  }

  keys() {
    return this.schemas.keys();
  }

  schema(key) {
    return this.schemas.get(key);
  }

  /** The key that `target` stands for. */
  keyOf(target) {
    const key = typeof target === "string" && this.schemas.has(target) ? target : this.#keys.get(target);
    if (key !== undefined) return key;
    if (this.#ambiguous.has(target)) {
      throw new SmithersError("UNKNOWN_OUTPUT_SCHEMA", "the schema is registered under several keys; use outputs.<key>");
    }
    const shown = typeof target === "string" ? `"${target}"` : "the given schema";
    throw new SmithersError("UNKNOWN_OUTPUT_SCHEMA", `${shown} is not an output of createSmithers; known: ${[...this.keys()].join(", ") || "none"}`);
  }
}

const madeSoFar = [];

let isLoaded = false;

/** All workflows that the module has made, in order. What is made from now on is not kept. */
export function madeWorkflows() {
  isLoaded = true;
  return madeSoFar;
}

/** What `smithers(build)` returns and a gateway registers. */
export class WorkflowObject {
  constructor(family, build, options) {
    if (typeof build !== "function") throw new SmithersError("INVALID_INPUT", "smithers() needs a function from ctx to an element");
    this.build = build;
    this.opts = options;
    this.registry = family.registry;
    this.inputSchema = family.registry.inputSchema;
    this.readableName = family.options.readableName;
    this.description = family.options.description;
    this.declaredAt = family.declaredAt;
    this.db = family.db;
    /** Position in the module, once that is loaded; none of one that is made later. */
    this.part = undefined;
  }

  /** Key of the table whose rows are the result of a run. */
  resultKey() {
    if (this.opts.output !== undefined) return this.registry.keyOf(this.opts.output);
    return this.registry.schema("output") === undefined ? undefined : "output";
  }
}

const NOT_FOLLOWED = ["dbPath", "backend", "journalMode", "postgresPoolMax"];

export function createSmithers(schemas, options = {}) {
  for (const name of NOT_FOLLOWED.filter((name) => options[name] !== undefined)) {
    warn(`createSmithers option "${name}" is accepted but not followed: the gateway has one database`);
  }
  const registry = new Registry(schemas ?? {});
  const family = { registry, options, declaredAt: new Error().stack, db: Object.freeze({}) };
  return {
    ...components,
    ContinueAsNew: components.ContinueAsNew,
    continueAsNew: components.continueAsNew,
    Sandbox: later.Sandbox,
    useCtx,
    smithers: (build, workflowOptions = {}) => {
      const workflow = new WorkflowObject(family, build, workflowOptions);
      if (!isLoaded) madeSoFar.push(workflow);
      return workflow;
    },
    db: family.db,
    tables: registry.tables,
    outputs: registry.outputs,
  };
}
