// An example of what a schema accepts, for the `schema` property of prompts.

import { definitionOf } from "smithers:schema";

const DEEPEST = 32;

/** The example as JSON text, indented by 2. */
export function schemaExample(schema) {
  return JSON.stringify(exampleOf(schema, 0), null, 2) ?? "null";
}

function exampleOf(schema, depth) {
  const definition = definitionOf(schema);
  if (definition === undefined || depth > DEEPEST) return null;
  const write = WRITERS[definition.type];
  return write === undefined ? "value" : write(definition, depth + 1, schema);
}

const inner = (definition, depth, schema) => {
  const described = schema.description;
  const example = exampleOf(definition.innerType, depth);
  return example === "string" && typeof described === "string" ? described : example;
};

const WRITERS = {
  string: (_definition, _depth, schema) => schema.description ?? "string",
  number: () => 0,
  int: () => 0,
  boolean: () => false,
  null: () => null,
  enum: ({ entries }) => Object.values(entries)[0],
  literal: ({ values }) => values[0],
  union: ({ options }, depth) => exampleOf(options[0], depth),
  array: ({ element }, depth) => [exampleOf(element, depth)],
  tuple: ({ items }, depth) => items.map((item) => exampleOf(item, depth)),
  record: () => ({}),
  object: ({ shape }, depth) => Object.fromEntries(Object.entries(shape).map(([name, field]) => [name, exampleOf(field, depth)])),
  default: ({ defaultValue }) => (typeof defaultValue === "function" ? defaultValue() : defaultValue),
  optional: inner,
  nullable: inner,
  readonly: inner,
  pipe: ({ out }, depth) => exampleOf(out, depth),
};
