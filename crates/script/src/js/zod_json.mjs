// JSON Schema of the built-in subset (draft 2020-12).

/** Describes `schema`; with `io: "input"` fields that have a default may be left out. */
export function toJSONSchema(schema, { io = "output" } = {}) {
  return { $schema: "https://json-schema.org/draft/2020-12/schema", ...describe(schema, io) };
}

function describe(schema, io) {
  const described = WRITERS[schema._zod.def.type](schema._zod.def, io);
  return schema.description === undefined ? described : { ...described, description: schema.description };
}

function bounds(definition, lower, upper) {
  const out = {};
  for (const { _zod } of definition.checks ?? []) {
    const { check, minimum, maximum } = _zod.def;
    if (check === "min") out[lower] = minimum;
    if (check === "above") out.exclusiveMinimum = minimum;
    if (check === "max") out[upper] = maximum;
    if (check === "number_format") out.type = "integer";
  }
  return out;
}

function required([, field], io) {
  const { type } = field._zod.def;
  return type !== "optional" && !(type === "default" && io === "input");
}

const WRITERS = {
  string: (definition) => ({ type: "string", ...bounds(definition, "minLength", "maxLength") }),
  number: (definition) => ({ type: "number", ...bounds(definition, "minimum", "maximum") }),
  boolean: () => ({ type: "boolean" }),
  null: () => ({ type: "null" }),
  unknown: () => ({}),
  any: () => ({}),
  enum: ({ entries }) => ({ type: "string", enum: Object.values(entries) }),
  literal: ({ values }) => (values.length === 1 ? { const: values[0] } : { enum: values }),
  optional: ({ innerType }, io) => describe(innerType, io),
  nullable: ({ innerType }, io) => ({ anyOf: [describe(innerType, io), { type: "null" }] }),
  default: ({ innerType, defaultValue }, io) => ({ default: defaultValue, ...describe(innerType, io) }),
  array: (definition, io) => ({ type: "array", items: describe(definition.element, io), ...bounds(definition, "minItems", "maxItems") }),
  record: ({ keyType, valueType }, io) => ({ type: "object", propertyNames: describe(keyType, io), additionalProperties: describe(valueType, io) }),
  union: ({ options }, io) => ({ anyOf: options.map((option) => describe(option, io)) }),
  object({ shape, catchall }, io) {
    const fields = Object.entries(shape);
    const out = { type: "object", properties: Object.fromEntries(fields.map(([name, field]) => [name, describe(field, io)])) };
    const needed = fields.filter((field) => required(field, io)).map(([name]) => name);
    if (needed.length > 0) out.required = needed;
    if (catchall !== undefined) out.additionalProperties = {};
    else if (io === "output") out.additionalProperties = false;
    return out;
  },
};
