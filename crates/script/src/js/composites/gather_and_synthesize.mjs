// GatherAndSynthesize: several agents gather, each from its source, and one makes a whole of it.

import { Parallel, Sequence, Task } from "smithers:components";
import { ask, element, shown } from "smithers:composites/parts";
import { agent, any, count, named, optional, output, prompt, record, settings, text } from "smithers:composites/settings";

const source = record({ agent, prompt: optional(prompt), output: optional(output), children: optional(prompt) });

const read = settings("GatherAndSynthesize", "gather-and-synthesize", {
  sources: named(source),
  synthesizer: agent,
  gatherOutput: output,
  synthesisOutput: output,
  gatheredResults: optional(any),
  maxConcurrency: optional(count(1)),
  synthesisPrompt: optional(text),
  children: any,
});

export function GatherAndSynthesize(props) {
  if (props.skipIf) return null;
  const work = read(props);
  const { id, sources, gatherOutput, maxConcurrency, children } = work;
  const gatherers = Object.entries(sources).map(([name, { agent, prompt, output, children: own }]) => {
    const question = ask(children, prompt, own, prompt === undefined && own === undefined && `Gather what the source "${name}" has to say.`);
    return element(Task, { id: `${id}-gather-${name}`, output: output ?? gatherOutput, agent, label: name }, question);
  });
  return element(Sequence, {}, element(Parallel, { id: `${id}-gather`, maxConcurrency }, gatherers), synthesisOf(work));
}

function synthesisOf({ id, sources, synthesizer, gatherOutput, synthesisOutput, gatheredResults, synthesisPrompt, children }) {
  const names = Object.keys(sources);
  const deps = Object.fromEntries(names.map((name) => [name, sources[name].output ?? gatherOutput]));
  const needs = Object.fromEntries(names.map((name) => [name, `${id}-gather-${name}`]));
  const question = (rows) => {
    const results = gatheredResults ?? rows;
    const said = names.map((name) => (results[name] === undefined ? `The source "${name}" gave nothing.` : shown(`From the source "${name}"`, results[name])));
    return ask(synthesisPrompt ?? "Make one whole of what the sources say.", children, ...said);
  };
  return element(Task, { id: `${id}-synthesize`, output: synthesisOutput, agent: synthesizer, deps, needs, depsOptional: true }, question);
}
