// Optimizer: generate candidates and score them, until one is good enough.

import { Loop, Sequence, Task } from "smithers:components";
import { ask, context, element, rowOfLastPass, shown } from "smithers:composites/parts";
import { agent, agentOrFunction, count, isAgent, number, oneOf, optional, output, prompt, settings } from "smithers:composites/settings";

const read = settings("Optimizer", "optimizer", {
  generator: agent,
  evaluator: agentOrFunction,
  generateOutput: output,
  evaluateOutput: output,
  targetScore: optional(number),
  maxIterations: optional(count(1), 10),
  onMaxReached: optional(oneOf("return-last", "fail"), "return-last"),
  children: prompt,
});

export function Optimizer(props) {
  if (props.skipIf) return null;
  const optimizer = read(props);
  const { id, targetScore, maxIterations, onMaxReached } = optimizer;
  const score = context().latest(optimizer.evaluateOutput, `${id}-evaluate`)?.score;
  const until = targetScore !== undefined && typeof score === "number" && score >= targetScore;
  return element(Loop, { id, until, maxIterations, onMaxReached }, element(Pass, optimizer));
}

function Pass({ id, generator, evaluator, generateOutput, evaluateOutput, targetScore, children }) {
  const [generate, evaluate] = [`${id}-generate`, `${id}-evaluate`];
  const last = rowOfLastPass(evaluateOutput, evaluate);
  const question = ask(
    children,
    last !== undefined && shown("The last candidate", rowOfLastPass(generateOutput, generate)),
    last !== undefined && shown("How it was judged; do better", last),
    targetScore !== undefined && `The target score is ${targetScore}.`,
  );
  const scored = { id: evaluate, output: evaluateOutput, deps: { candidate: generateOutput }, needs: { candidate: generate } };
  const judged = ({ candidate }) => ask("Judge this candidate and give it a score.", children, shown("The candidate", candidate));
  const isByAgent = isAgent(evaluator) || Array.isArray(evaluator);
  return element(
    Sequence,
    {},
    element(Task, { id: generate, output: generateOutput, agent: generator }, question),
    isByAgent ? element(Task, { ...scored, agent: evaluator }, judged) : element(Task, scored, ({ candidate }) => evaluator(candidate)),
  );
}
