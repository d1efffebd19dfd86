// ReviewLoop: produce, review, produce again, until the reviewer approves.

import { Loop, Sequence, Task } from "smithers:components";
import { ask, context, element, rowOfLastPass, shown } from "smithers:composites/parts";
import { agent, count, oneOf, optional, output, prompt, settings } from "smithers:composites/settings";

const read = settings("ReviewLoop", "review-loop", {
  producer: agent,
  reviewer: agent,
  produceOutput: output,
  reviewOutput: output,
  maxIterations: optional(count(1), 5),
  onMaxReached: optional(oneOf("return-last", "fail"), "return-last"),
  children: prompt,
});

export function ReviewLoop(props) {
  if (props.skipIf) return null;
  const loop = read(props);
  const { id, maxIterations, onMaxReached } = loop;
  const until = context().latest(loop.reviewOutput, `${id}-review`)?.approved === true;
  return element(Loop, { id, until, maxIterations, onMaxReached }, element(Pass, loop));
}

function Pass({ id, producer, reviewer, produceOutput, reviewOutput, children }) {
  const [produce, review] = [`${id}-produce`, `${id}-review`];
  const last = rowOfLastPass(reviewOutput, review);
  const isRefused = last !== undefined && last.approved !== true;
  const question = ask(children, isRefused && shown("The last version was not approved. Act on this review", last));
  const judged = ({ product }) => ask("Review this. Approve it only when nothing has to be changed.", children, shown("The product", product));
  return element(
    Sequence,
    {},
    element(Task, { id: produce, output: produceOutput, agent: producer }, question),
    element(Task, { id: review, output: reviewOutput, agent: reviewer, deps: { product: produceOutput }, needs: { product: produce } }, judged),
  );
}
