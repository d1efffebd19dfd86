// Worktree: the tasks inside work in a checkout of their own. The host makes it before the first of them starts.

import { SmithersError } from "smithers:errors";
import { currentFrame } from "smithers:frame";
import { housed } from "smithers:inherited";
import { native } from "smithers:native";
import { resolve } from "node:path";
import { Kind, host } from "smithers:render";

const BASE = "main";

/** Where a path of a worktree leads, from the folder of the module. */
export function resolveWorktreePath(path) {
  if (typeof path !== "string" || path.trim() === "") throw new SmithersError("WORKTREE_EMPTY_PATH", "a Worktree needs a path");
  return resolve(native.root, path);
}

export function Worktree(props) {
  if (props.skipIf) return null;
  const path = resolveWorktreePath(props.path);
  const id = typeof props.id === "string" && props.id !== "" ? props.id : `worktree:${path}`;
  const spec = { id, path, root: native.root, branch: text(props.branch), baseBranch: text(props.baseBranch) ?? BASE };
  currentFrame().showWorktree(spec);
  return host(Kind.group, "smithers:worktree", props, null, housed(spec, props.children));
}

function text(value) {
  return typeof value === "string" && value !== "" ? value : null;
}

/** What stands in front of the prompt of an agent that works in a worktree. */
export function isolationNotice({ path, branch }) {
  const on = branch === null ? "" : ` on branch ${branch}`;
  return `You work in a git worktree of your own at ${path}${on}. Change files only below that folder.`;
}
