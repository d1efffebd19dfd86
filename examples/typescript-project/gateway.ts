// A project of several files: the entry registers, workflows and schemas live in folders of their own,
// and `tsconfig.json` gives them short names.
import { release } from "@workflows/release";

export function register(gateway) {
  gateway.register("typescript-project", release);
}
