// ContentPipeline: stages one after another, each of which works on what the one before made.

import { Sequence, Task } from "smithers:components";
import { ask, element, shown } from "smithers:composites/parts";
import { agent, list, optional, output, prompt, record, settings, text } from "smithers:composites/settings";

const read = settings("ContentPipeline", undefined, {
  stages: list(record({ id: text, agent, output, label: optional(text) })),
  children: prompt,
});

export function ContentPipeline(props) {
  if (props.skipIf) return null;
  const { stages, children } = read(props);
  return element(Sequence, {}, stages.map((stage, index) => stageOf(stage, stages[index - 1], children)));
}

function stageOf(stage, before, children) {
  if (before === undefined) return element(Task, stage, ask(children));
  const work = ({ before: made }) => ask(`You are the stage "${stage.label ?? stage.id}" of a pipeline.`, children, shown(`What the stage "${before.label ?? before.id}" made`, made));
  return element(Task, { ...stage, deps: { before: before.output }, needs: { before: before.id } }, work);
}
