// The built-in subset of zod 4, for modules beside which zod is not installed.

import { ZodError, notInstalled, schema } from "smithers:zod-schema";
import { toJSONSchema } from "smithers:zod-json";

export { ZodError, toJSONSchema };

export const string = () => schema({ type: "string" });
export const number = () => schema({ type: "number" });
export const int = () => number().int();
export const boolean = () => schema({ type: "boolean" });
export const unknown = () => schema({ type: "unknown" });
export const any = () => schema({ type: "any" });
const null_ = () => schema({ type: "null" });
export const literal = (value) => schema({ type: "literal", values: Array.isArray(value) ? value : [value] });
export const array = (element) => schema({ type: "array", element });
export const optional = (inner) => inner.optional();
export const nullable = (inner) => inner.nullable();
export const union = (options) => schema({ type: "union", options });
export const object = (shape = {}) => schema({ type: "object", shape });
export const looseObject = (shape) => object(shape).passthrough();

const enum_ = (values) =>
  schema({ type: "enum", entries: Array.isArray(values) ? Object.fromEntries(values.map((value) => [value, value])) : values });

export const record = (keyType, valueType) =>
  valueType === undefined ? schema({ type: "record", keyType: string(), valueType: keyType }) : schema({ type: "record", keyType, valueType });

export { enum_ as enum, null_ as null };

const missing = (name) => () => notInstalled(name);

// Names that authors reach for first; with these a namespace import gets the right message too.
export const bigint = missing("bigint");
export const custom = missing("custom");
export const date = missing("date");
export const discriminatedUnion = missing("discriminatedUnion");
export const email = missing("email");
export const intersection = missing("intersection");
export const iso = new Proxy({}, { get: (_target, name) => notInstalled(`iso.${String(name)}`) });
export const coerce = new Proxy({}, { get: (_target, name) => notInstalled(`coerce.${String(name)}`) });
export const lazy = missing("lazy");
export const map = missing("map");
export const nativeEnum = missing("nativeEnum");
export const pipe = missing("pipe");
export const preprocess = missing("preprocess");
export const set = missing("set");
export const strictObject = missing("strictObject");
export const transform = missing("transform");
export const tuple = missing("tuple");
export const url = missing("url");
export const uuid = missing("uuid");

const members = { ZodError, any, array, boolean, enum: enum_, int, literal, looseObject, null: null_, nullable, number, object, optional, record, string, toJSONSchema, union, unknown };

export const z = new Proxy(members, {
  get: (target, name) => (name in target || typeof name === "symbol" || name === "then" ? target[name] : notInstalled(name)),
});

export default z;
