// The workflow itself. No pragma: `jsxImportSource` comes from tsconfig.json.
import { bumpOf, notesOf } from "@lib/commits";
import { outputs, smithers } from "@lib/schemas";
import { Sequence, Task, Workflow } from "smithers-orchestrator";

export const release = smithers((ctx) => (
  <Workflow name="typescript-project">
    <Sequence>
      <Task id="version" output={outputs.version}>{() => ({ bump: bumpOf(ctx.input.commits) })}</Task>
      <Task id="notes" output={outputs.output} deps={{ version: outputs.version }}>
        {({ version }) => ({ notes: `${version.bump} release\n${notesOf(ctx.input.commits)}` })}
      </Task>
    </Sequence>
  </Workflow>
));
