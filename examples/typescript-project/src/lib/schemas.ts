// What the workflow stores.
import { createSmithers } from "smithers-orchestrator";
import { z } from "zod";

export const { smithers, outputs } = createSmithers({
  input: z.object({ commits: z.array(z.string()) }),
  version: z.object({ bump: z.enum(["major", "minor", "patch"]) }),
  output: z.object({ notes: z.string() }),
});
