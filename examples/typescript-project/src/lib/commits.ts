// Reads conventional commits.

export type Bump = "major" | "minor" | "patch";

/** The largest step that any of the commits asks for. */
export function bumpOf(commits: readonly string[]): Bump {
  if (commits.some((commit) => commit.includes("!:"))) return "major";
  return commits.some((commit) => commit.startsWith("feat")) ? "minor" : "patch";
}

/** Release notes, one line a commit. */
export const notesOf = (commits: readonly string[]): string => commits.map((commit) => `* ${commit}`).join("\n");
