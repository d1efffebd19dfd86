// Schemas of the built-in subset. Definitions have the shape of zod 4 (`_zod.def`), so whoever reads
// one reads the other.

import { SmithersError } from "smithers:errors";
import { toJSONSchema } from "smithers:zod-json";

export function notInstalled(name) {
  throw new SmithersError("ZOD_NOT_INSTALLED", `zod's "${name}" is not in the built-in subset; run \`npm install zod\` beside the module`);
}

/** Names that engines and promises look up on any object. */
const PROBED = new Set(["then", "toJSON", "constructor", "_def", "inspect", "asymmetricMatch", "length", "nodeType"]);

/** Last in the prototype chain: any other method belongs to zod itself. */
const missingMethods = new Proxy(Object.create(null), {
  get(_target, name) {
    return typeof name === "symbol" || PROBED.has(name) ? undefined : notInstalled(name);
  },
});

export class ZodError extends Error {
  constructor(issues) {
    super(JSON.stringify(issues, null, 2));
    this.name = "ZodError";
    this.issues = issues;
  }
}

/** A schema: a definition, and how it reads a value. */
class Schema {
  constructor(definition) {
    this._zod = { def: definition };
    this.def = definition;
    this.type = definition.type;
    this.description = undefined;
  }

  parse(value) {
    const result = this.safeParse(value);
    if (result.success) return result.data;
    throw result.error;
  }

  safeParse(value) {
    const issues = [];
    const data = READERS[this.type](this.def, value, [], issues);
    return issues.length === 0 ? { success: true, data } : { success: false, error: new ZodError(issues) };
  }

  async parseAsync(value) {
    return this.parse(value);
  }

  async safeParseAsync(value) {
    return this.safeParse(value);
  }

  clone() {
    return this.#with(this.def);
  }

  describe(description) {
    const copy = this.clone();
    copy.description = description;
    return copy;
  }

  isOptional() {
    return this.safeParse(undefined).success;
  }

  isNullable() {
    return this.safeParse(null).success;
  }

  optional() {
    return schema({ type: "optional", innerType: this });
  }

  nullable() {
    return schema({ type: "nullable", innerType: this });
  }

  nullish() {
    return this.nullable().optional();
  }

  default(value) {
    return schema({ type: "default", innerType: this, defaultValue: value });
  }

  array() {
    return schema({ type: "array", element: this });
  }

  unwrap() {
    return this.def.innerType ?? this.def.element ?? notInstalled("unwrap");
  }

  min(minimum) {
    return this.#checked({ check: "min", minimum });
  }

  max(maximum) {
    return this.#checked({ check: "max", maximum });
  }

  nonnegative() {
    return this.#numeric("nonnegative", { check: "min", minimum: 0 });
  }

  positive() {
    return this.#numeric("positive", { check: "above", minimum: 0 });
  }

  int() {
    return this.#numeric("int", { check: "number_format", format: "safeint" });
  }

  passthrough() {
    return this.#object("passthrough", { catchall: schema({ type: "unknown" }) });
  }

  loose() {
    return this.passthrough();
  }

  get shape() {
    return this.type === "object" ? this.def.shape : undefined;
  }

  get options() {
    if (this.type === "enum") return Object.values(this.def.entries);
    return this.type === "union" ? this.def.options : undefined;
  }

  get enum() {
    return this.type === "enum" ? this.def.entries : undefined;
  }

  get element() {
    return this.type === "array" ? this.def.element : undefined;
  }

  toJSONSchema(options) {
    return toJSONSchema(this, options);
  }

  #with(definition) {
    const copy = schema(definition);
    copy.description = this.description;
    return copy;
  }

  #checked(check) {
    if (!["string", "number", "array"].includes(this.type)) notInstalled(check.check);
    const wrapped = { _zod: { def: check } };
    return this.#with({ ...this.def, checks: [...(this.def.checks ?? []), wrapped] });
  }

  #numeric(name, check) {
    return this.type === "number" ? this.#checked(check) : notInstalled(name);
  }

  #object(name, change) {
    return this.type === "object" ? this.#with({ ...this.def, ...change }) : notInstalled(name);
  }
}

Object.setPrototypeOf(Schema.prototype, missingMethods);

export function schema(definition) {
  return new Schema(definition);
}

function typeOf(value) {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return Number.isNaN(value) ? "NaN" : typeof value;
}

function wrongType(expected, value, path, issues) {
  issues.push({ code: "invalid_type", expected, path, message: `Invalid input: expected ${expected}, received ${typeOf(value)}` });
}

function read(inner, value, path, issues) {
  return READERS[inner._zod.def.type](inner._zod.def, value, path, issues);
}

/** Reads a value of a JavaScript type, then its checks. */
function primitive(type) {
  return (definition, value, path, issues) => {
    if (typeOf(value) !== type) wrongType(type, value, path, issues);
    else runChecks(definition, value, type, path, issues);
    return value;
  };
}

const UNITS = { string: " characters", array: " items", number: "" };

function runChecks({ checks = [] }, value, origin, path, issues) {
  const size = origin === "number" ? value : value.length;
  for (const { _zod } of checks) {
    const { check, minimum, maximum } = _zod.def;
    const word = origin === "number" ? "be" : "have";
    if (check === "min" && size < minimum) {
      issues.push({ code: "too_small", origin, minimum, inclusive: true, path, message: `Too small: expected ${origin} to ${word} >=${minimum}${UNITS[origin]}` });
    } else if (check === "above" && size <= minimum) {
      issues.push({ code: "too_small", origin, minimum, inclusive: false, path, message: `Too small: expected ${origin} to ${word} >${minimum}${UNITS[origin]}` });
    } else if (check === "max" && size > maximum) {
      issues.push({ code: "too_big", origin, maximum, inclusive: true, path, message: `Too big: expected ${origin} to ${word} <=${maximum}${UNITS[origin]}` });
    } else if (check === "number_format" && !Number.isSafeInteger(value)) {
      issues.push({ code: "invalid_type", expected: "int", path, message: "Invalid input: expected int, received number" });
    }
  }
}

function oneOf(values, value, path, issues) {
  if (values.includes(value)) return;
  const shown = values.map((item) => JSON.stringify(item));
  const message = values.length === 1 ? `Invalid input: expected ${shown[0]}` : `Invalid option: expected one of ${shown.join("|")}`;
  issues.push({ code: "invalid_value", values, path, message });
}

function isPlain(value) {
  return typeOf(value) === "object";
}

/** How each kind of definition reads a value: returns what it stands for, adds issues. */
const READERS = {
  string: primitive("string"),
  boolean: primitive("boolean"),
  number(definition, value, path, issues) {
    if (typeof value !== "number" || !Number.isFinite(value)) wrongType("number", value, path, issues);
    else runChecks(definition, value, "number", path, issues);
    return value;
  },
  unknown: (_definition, value) => value,
  any: (_definition, value) => value,
  null(_definition, value, path, issues) {
    if (value !== null) wrongType("null", value, path, issues);
    return value;
  },
  enum(definition, value, path, issues) {
    oneOf(Object.values(definition.entries), value, path, issues);
    return value;
  },
  literal(definition, value, path, issues) {
    oneOf(definition.values, value, path, issues);
    return value;
  },
  optional: (definition, value, path, issues) => (value === undefined ? value : read(definition.innerType, value, path, issues)),
  nullable: (definition, value, path, issues) => (value === null ? value : read(definition.innerType, value, path, issues)),
  default({ innerType, defaultValue }, value, path, issues) {
    if (value === undefined) return typeof defaultValue === "function" ? defaultValue() : structuredClone(defaultValue);
    return read(innerType, value, path, issues);
  },
  array(definition, value, path, issues) {
    if (!Array.isArray(value)) {
      wrongType("array", value, path, issues);
      return value;
    }
    runChecks(definition, value, "array", path, issues);
    return value.map((item, index) => read(definition.element, item, [...path, index], issues));
  },
  record({ keyType, valueType }, value, path, issues) {
    if (!isPlain(value)) {
      wrongType("record", value, path, issues);
      return value;
    }
    const entries = Object.entries(value).map(([key, item]) => [read(keyType, key, [...path, key], issues), read(valueType, item, [...path, key], issues)]);
    return Object.fromEntries(entries);
  },
  object({ shape, catchall }, value, path, issues) {
    if (!isPlain(value)) {
      wrongType("object", value, path, issues);
      return value;
    }
    const out = catchall === undefined ? {} : { ...value };
    for (const [name, field] of Object.entries(shape)) {
      const item = read(field, value[name], [...path, name], issues);
      if (item !== undefined || name in value) out[name] = item;
    }
    return out;
  },
  union({ options }, value, path, issues) {
    const errors = [];
    for (const option of options) {
      const found = [];
      const data = read(option, value, path, found);
      if (found.length === 0) return data;
      errors.push(found);
    }
    issues.push({ code: "invalid_union", errors, path, message: "Invalid input" });
    return value;
  },
};
