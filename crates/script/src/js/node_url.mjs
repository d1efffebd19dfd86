// `node:url`, as far as modules use it.

export const { URL, URLSearchParams } = globalThis;

export function fileURLToPath(url) {
  const parsed = typeof url === "string" ? new URL(url) : url;
  if (parsed.protocol !== "file:") throw new TypeError(`not a file URL: ${parsed.href}`);
  return decodeURIComponent(parsed.pathname);
}

export function pathToFileURL(path) {
  const url = new URL("file:///");
  url.pathname = path;
  return url;
}

export default { URL, URLSearchParams, fileURLToPath, pathToFileURL };
