// `node:fs/promises` for reading, under the module's folder.

import { promises } from "node:fs";

export const { access, appendFile, lstat, mkdir, readFile, readdir, realpath, rm, stat, unlink, writeFile } = promises;
export default promises;
