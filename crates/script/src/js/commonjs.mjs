// CommonJS: modules of packages that were written for `require`.
//
// A file runs when it is first asked for, by `require` or by an `import` that is being linked. Its exports are
// then there, so whoever imports it gets every name that it has.

import { native } from "smithers:native";
import { SmithersError } from "smithers:errors";
import * as index from "smithers:index";
import * as jsx from "smithers:jsx";
import * as react from "smithers:react";
import * as zod from "smithers:zod";
import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as fsPromises from "node:fs/promises";
import * as path from "node:path";
import * as process from "node:process";
import * as url from "node:url";

/** Built-in modules that can be required, by their names in the host. */
const BUILT_IN = {
  "smithers:index": index,
  "smithers:jsx": jsx,
  "smithers:react": react,
  "smithers:zod": zod,
  "node:crypto": crypto,
  "node:fs": fs,
  "node:fs/promises": fsPromises,
  "node:path": path,
  "node:process": process,
  "node:url": url,
};

/** Parts of Node that are not there. Packages require them at their top and seldom use them. */
const ABSENT = new Set(
  ("assert async_hooks buffer child_process cluster console constants dgram diagnostics_channel dns domain events http " +
    "http2 https inspector module net os perf_hooks punycode querystring readline repl stream string_decoder timers tls " +
    "tty util v8 vm worker_threads zlib").split(" "),
);

/** Stands for a part of Node that is not there: using it fails, by name. */
function absent(part) {
  const get = (_target, name) => {
    if (typeof name === "symbol" || name === "__esModule" || name === "default" || name === "then") return undefined;
    throw new SmithersError("RUNTIME_CAPABILITY_UNAVAILABLE", `\`${part}.${name}\` of Node is not available to workflow modules`);
  };
  return new Proxy({}, { get });
}

/** Modules that have run or are running, by file. */
const modules = new Map();

class Module {
  constructor(id) {
    this.id = id;
    this.filename = native.commonjs.path(id);
    this.exports = {};
    this.loaded = false;
    this.children = [];
    this.paths = [];
  }
}

/** Runs CommonJS file `name`, once, and returns its exports. */
function run(name) {
  const known = modules.get(name);
  if (known !== undefined) return known.exports;
  const module = new Module(name);
  modules.set(name, module);
  const require = (specifier) => required(name, specifier);
  require.cache = {};
  require.resolve = (specifier) => native.commonjs.path(targetOf(name, specifier));
  const folder = module.filename.replace(/[\\/][^\\/]*$/, "");
  try {
    native.commonjs.compile(name).call(module.exports, module.exports, require, module, module.filename, folder);
  } catch (error) {
    modules.delete(name);
    throw error;
  }
  module.loaded = true;
  return module.exports;
}

function targetOf(from, specifier) {
  const target = native.commonjs.resolve(from, String(specifier));
  if (typeof target === "string") return target;
  const error = new Error(`Cannot find module '${specifier}', required by ${from}: it is not installed, or its name is computed`);
  error.code = "MODULE_NOT_FOUND";
  throw error;
}

function required(from, specifier) {
  const part = String(specifier).replace(/^node:/, "");
  if (ABSENT.has(part.split("/")[0]) && typeof native.commonjs.resolve(from, specifier) !== "string") return absent(part);
  const target = targetOf(from, specifier);
  const builtIn = BUILT_IN[target];
  if (builtIn !== undefined) return builtIn.default ?? builtIn;
  switch (native.commonjs.form(target)) {
    case "commonjs":
      return run(target);
    case "json":
      return json(target);
    default: {
      const error = new Error(`'${specifier}', required by ${from}, is an ES module: it can only be imported`);
      error.code = "ERR_REQUIRE_ESM";
      throw error;
    }
  }
}

function json(name) {
  let module = modules.get(name);
  if (module === undefined) {
    module = new Module(name);
    module.exports = JSON.parse(native.commonjs.source(name));
    modules.set(name, module);
  }
  return module.exports;
}

/** The exports of CommonJS file `name` for an ES module: the value of `default`, and the names of the others. */
export function exportsOf(name) {
  const exports = run(name);
  const isObject = (typeof exports === "object" && exports !== null) || typeof exports === "function";
  const names = isObject ? Object.keys(exports).filter((key) => /^[A-Za-z_$][\w$]*$/.test(key) && key !== "default") : [];
  const isTranspiled = isObject && exports.__esModule === true && "default" in exports;
  return { exports, names, default: isTranspiled ? exports.default : exports };
}

// The host asks through this when it links an import of a CommonJS file.
Object.defineProperty(globalThis, Symbol.for("smithers.commonjs"), { value: (name) => exportsOf(name).names });
