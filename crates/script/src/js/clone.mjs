// `structuredClone` for plain data, collections, dates, errors and bytes.

/** Copies `value` with its cycles; functions and symbols cannot be copied. */
export function structuredClone(value) {
  return copy(value, new Map());
}

function copy(value, seen) {
  if (typeof value === "function" || typeof value === "symbol") {
    throw new globalThis.DOMException(`a ${typeof value} cannot be cloned`, "DataCloneError");
  }
  if (typeof value !== "object" || value === null) return value;
  const known = seen.get(value);
  if (known !== undefined) return known;
  const target = emptyLike(value);
  seen.set(value, target);
  fill(target, value, seen);
  return target;
}

function emptyLike(value) {
  if (Array.isArray(value)) return new Array(value.length);
  if (value instanceof Map) return new Map();
  if (value instanceof Set) return new Set();
  if (value instanceof Date) return new Date(value.getTime());
  if (value instanceof RegExp) return new RegExp(value.source, value.flags);
  if (value instanceof Error) return new Error(value.message);
  if (value instanceof ArrayBuffer) return value.slice(0);
  if (ArrayBuffer.isView(value)) return value.slice();
  return {};
}

function fill(target, value, seen) {
  if (value instanceof Map) {
    for (const [key, item] of value) target.set(copy(key, seen), copy(item, seen));
  } else if (value instanceof Set) {
    for (const item of value) target.add(copy(item, seen));
  } else if (value instanceof Error) {
    target.name = value.name;
  } else if (!(value instanceof Date || value instanceof RegExp || value instanceof ArrayBuffer || ArrayBuffer.isView(value))) {
    for (const key of Object.keys(value)) target[key] = copy(value[key], seen);
  }
}
