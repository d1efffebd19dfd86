/** @jsxImportSource smithers-orchestrator */
// Loops in loops: each chapter is written section by section.
// The inner loop starts anew in every iteration of the outer one; its rows carry the outer iteration in their node id.
import { Loop, Sequence, Task, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers({
  input: z.object({ chapters: z.number().int().default(2), sections: z.number().int().default(3) }),
  section: z.object({ title: z.string(), last: z.boolean() }),
  chapter: z.object({ number: z.number().int(), last: z.boolean() }),
  output: z.object({ titles: z.array(z.string()) }),
});

const nested = smithers((ctx) => {
  const chapter = ctx.iterations.chapters ?? 0;
  const section = ctx.iterations.sections ?? 0;
  const { chapters, sections } = ctx.input;
  return (
    <Workflow name="nested-loops">
      <Sequence>
        <Loop id="chapters" until={ctx.latest(outputs.chapter, "chapter")?.last === true} maxIterations={10}>
          <Sequence>
            <Loop id="sections" until={ctx.latest(outputs.section, "section")?.last === true} maxIterations={10}>
              <Task id="section" output={outputs.section}>
                {() => ({ title: `${chapter + 1}.${section + 1}`, last: section + 1 >= sections })}
              </Task>
            </Loop>
            <Task id="chapter" output={outputs.chapter}>{() => ({ number: chapter + 1, last: chapter + 1 >= chapters })}</Task>
          </Sequence>
        </Loop>
        <Task id="contents" output={outputs.output}>{() => ({ titles: ctx.outputs.section.map((row) => row.title) })}</Task>
      </Sequence>
    </Workflow>
  );
});

export function register(gateway) {
  gateway.register("nested-loops", nested);
}
