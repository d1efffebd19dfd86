// What a schema says about its fields. Reads definitions of zod 4 and of the built-in subset alike.

import { SmithersError } from "smithers:errors";

const INTEGER_FORMATS = new Set(["safeint", "int32", "uint32", "int64", "uint64"]);

/** The schema's definition, or undefined when `value` is no zod 4 schema. */
export function definitionOf(value) {
  return value?._zod?.def;
}

/** Refuses everything but an object schema of zod 4. */
export function requireObjectSchema(schema, key) {
  const definition = definitionOf(schema);
  if (definition === undefined) {
    const version = schema?._def === undefined ? "it is no schema" : "it was made by zod 3; install zod 4";
    throw new SmithersError("INVALID_INPUT", `schema "${key}" cannot be used: ${version}`);
  }
  if (definition.type !== "object") {
    throw new SmithersError("INVALID_INPUT", `schema "${key}" must be an object schema, got ${definition.type}`);
  }
}

/** Describes the fields of an object schema; with `input` a default makes a field optional. */
export function fieldsOf(schema, input = false) {
  return Object.entries(definitionOf(schema).shape).map(([name, field]) => fieldOf(name, field, input));
}

function fieldOf(name, schema, input) {
  const field = { name, kind: "json", shownType: "unknown", optional: false, nullable: false };
  let description = schema.description;
  let inner = schema;
  for (let definition = definitionOf(inner); definition?.innerType !== undefined; definition = definitionOf(inner)) {
    if (definition.type === "optional") field.optional = true;
    if (definition.type === "nullable") field.nullable = true;
    if (definition.type === "default" && input) field.optional = true;
    inner = definition.innerType;
    description ??= inner.description;
  }
  const definition = definitionOf(inner) ?? {};
  field.kind = kindOf(definition);
  field.shownType = shownTypeOf(definition);
  if (typeof description === "string") field.description = description;
  if (definition.type === "enum") field.enum = Object.values(definition.entries).map(String);
  return field;
}

/** How a column stores the field. */
function kindOf(definition) {
  switch (definition.type) {
    case "string":
      return "string";
    case "enum":
      return literalKind(Object.values(definition.entries));
    case "number":
      return isInteger(definition) ? "integer" : "number";
    case "int":
      return "integer";
    case "boolean":
      return "boolean";
    case "literal":
      return literalKind(definition.values);
    default:
      return "json";
  }
}

function isInteger(definition) {
  const formats = [definition.format, ...(definition.checks ?? []).map((check) => check?._zod?.def?.format)];
  return formats.some((format) => INTEGER_FORMATS.has(format));
}

function literalKind(values) {
  const types = new Set(values.map((value) => (value === null ? "null" : typeof value)));
  if (types.size !== 1) return "json";
  const [type] = types;
  if (type === "number") return values.every(Number.isInteger) ? "integer" : "number";
  return type === "string" || type === "boolean" ? type : "json";
}

const SHOWN_TYPES = {
  string: "string",
  enum: "string",
  number: "number",
  int: "number",
  boolean: "boolean",
  object: "object",
  record: "object",
  map: "object",
  array: "array",
  tuple: "array",
  set: "array",
  null: "null",
};

/** The type that readers are told. */
function shownTypeOf(definition) {
  if (definition.type === "literal") {
    const types = new Set(definition.values.map((value) => (value === null ? "null" : typeof value)));
    return types.size === 1 ? [...types][0] : "unknown";
  }
  return SHOWN_TYPES[definition.type] ?? "unknown";
}
