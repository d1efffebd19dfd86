// `node:fs` for reading, under the module's folder.

import { native } from "smithers:native";
import { decodeUtf8 } from "smithers:web";
import { unavailable } from "smithers:errors";

/** What a file holds when no encoding was asked for. */
class Bytes extends Uint8Array {
  toString() {
    return decodeUtf8(new Uint8Array(this));
  }
}

function failure([code, message], path) {
  const error = new Error(`${code}: ${message}, '${path}'`);
  error.code = code;
  error.path = path;
  return error;
}

/** Calls into the host, which answers `[value]` or `[null, code, message]`. */
function ask(method, path) {
  native.touch();
  const text = pathText(path);
  const [value, ...error] = native[method](text);
  if (error.length > 0) throw failure(error, text);
  return value;
}

function pathText(path) {
  if (typeof path === "string") return path;
  if (path instanceof URL && path.protocol === "file:") return decodeURIComponent(path.pathname);
  throw new TypeError("a path must be a text or a file URL");
}

export function readFileSync(path, options) {
  const encoding = typeof options === "string" ? options : options?.encoding;
  return encoding === undefined || encoding === null ? new Bytes(ask("readFile", path)) : ask("readText", path);
}

export function existsSync(path) {
  try {
    ask("stat", path);
    return true;
  } catch {
    return false;
  }
}

export function statSync(path, options) {
  try {
    const [kind, size, mtimeMs] = ask("stat", path);
    return { size, mtimeMs, mtime: new Date(mtimeMs), isFile: () => kind === "file", isDirectory: () => kind === "folder", isSymbolicLink: () => false };
  } catch (error) {
    if (options?.throwIfNoEntry === false && error.code === "ENOENT") return undefined;
    throw error;
  }
}

export const lstatSync = statSync;

export function accessSync(path) {
  ask("stat", path);
}

export function readdirSync(path, options) {
  const names = ask("readFolder", path);
  if (!options?.withFileTypes) return names;
  return names.map((name) => {
    const stat = statSync(`${pathText(path)}/${name}`);
    return { name, parentPath: pathText(path), isFile: stat.isFile, isDirectory: stat.isDirectory, isSymbolicLink: stat.isSymbolicLink };
  });
}

export function realpathSync(path) {
  return ask("realPath", path);
}

export const writeFileSync = () => unavailable("writing files");
export const appendFileSync = writeFileSync;
export const mkdirSync = writeFileSync;
export const rmSync = writeFileSync;
export const unlinkSync = writeFileSync;
export const renameSync = writeFileSync;
export const copyFileSync = writeFileSync;

export const promises = {
  readFile: async (path, options) => readFileSync(path, options),
  stat: async (path) => statSync(path),
  lstat: async (path) => statSync(path),
  access: async (path) => accessSync(path),
  readdir: async (path, options) => readdirSync(path, options),
  realpath: async (path) => realpathSync(path),
  writeFile: async () => writeFileSync(),
  appendFile: async () => writeFileSync(),
  mkdir: async () => writeFileSync(),
  rm: async () => writeFileSync(),
  unlink: async () => writeFileSync(),
};

export default {
  accessSync,
  appendFileSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  promises,
  readFileSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
};
