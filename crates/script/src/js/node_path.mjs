// `node:path` for slash-separated paths.

export const sep = "/";
export const delimiter = ":";

export function isAbsolute(path) {
  return path.startsWith("/");
}

export function normalize(path) {
  if (path === "") return ".";
  const rooted = isAbsolute(path);
  const kept = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") kept.push(part);
    else if (kept.length > 0 && kept.at(-1) !== "..") kept.pop();
    else if (!rooted) kept.push("..");
  }
  const tail = path.endsWith("/") && kept.length > 0 ? "/" : "";
  return (rooted ? "/" : "") + kept.join("/") + tail || (rooted ? "/" : ".");
}

export function join(...parts) {
  return normalize(parts.filter((part) => part !== "").join("/"));
}

export function resolve(...parts) {
  let path = "";
  for (const part of [process.cwd(), ...parts]) {
    if (part !== "") path = isAbsolute(part) ? part : `${path}/${part}`;
  }
  const resolved = normalize(path);
  return resolved.length > 1 && resolved.endsWith("/") ? resolved.slice(0, -1) : resolved;
}

export function dirname(path) {
  const trimmed = path.replace(/(?<=.)\/+$/, "");
  const at = trimmed.lastIndexOf("/");
  if (at < 0) return ".";
  return at === 0 ? "/" : trimmed.slice(0, at);
}

export function basename(path, suffix = "") {
  const name = path.replace(/\/+$/, "").split("/").at(-1);
  return suffix !== "" && name !== suffix && name.endsWith(suffix) ? name.slice(0, -suffix.length) : name;
}

export function extname(path) {
  const name = basename(path);
  const at = name.lastIndexOf(".");
  return at <= 0 ? "" : name.slice(at);
}

export function relative(from, to) {
  const start = resolve(from).split("/").filter(Boolean);
  const end = resolve(to).split("/").filter(Boolean);
  let shared = 0;
  while (shared < start.length && start[shared] === end[shared]) shared++;
  return [...start.slice(shared).map(() => ".."), ...end.slice(shared)].join("/");
}

export function parse(path) {
  const base = basename(path);
  const ext = extname(path);
  const dir = dirname(path);
  return { root: isAbsolute(path) ? "/" : "", dir: dir === "." && !path.startsWith(".") ? "" : dir, base, ext, name: ext === "" ? base : base.slice(0, -ext.length) };
}

export function format({ dir, root = "", base, name = "", ext = "" }) {
  const file = base ?? name + ext;
  return dir ? `${dir}/${file}` : root + file;
}

export const posix = { sep, delimiter, isAbsolute, normalize, join, resolve, dirname, basename, extname, relative, parse, format };
export default { ...posix, posix };
