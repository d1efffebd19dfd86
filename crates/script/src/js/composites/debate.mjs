// Debate: two agents argue for some rounds, and a judge decides.

import { Loop, Parallel, Sequence, Task } from "smithers:components";
import { ask, context, element, rowOfLastPass, shown } from "smithers:composites/parts";
import { agent, count, optional, output, prompt, settings } from "smithers:composites/settings";

const read = settings("Debate", "debate", {
  proposer: agent,
  opponent: agent,
  judge: agent,
  rounds: optional(count(1), 2),
  argumentOutput: output,
  verdictOutput: output,
  topic: prompt,
});

const SIDES = { proposer: "in favour of", opponent: "against" };

export function Debate(props) {
  if (props.skipIf) return null;
  const debate = read(props);
  const rounds = { id: `${debate.id}-loop`, until: false, maxIterations: debate.rounds, onMaxReached: "return-last" };
  return element(Sequence, {}, element(Loop, rounds, element(Round, debate)), judgeOf(debate));
}

/** A round: both speak at once, and know what the other said in the round before. */
function Round(debate) {
  const speak = (side, other) => {
    const { id, topic, argumentOutput } = debate;
    const answer = rowOfLastPass(argumentOutput, `${id}-${other}`);
    const question = ask(
      `You argue ${SIDES[side]} the following.`,
      topic,
      answer === undefined ? null : shown("What the other side said last", answer),
    );
    return element(Task, { id: `${id}-${side}`, output: argumentOutput, agent: debate[side] }, question);
  };
  return element(Sequence, {}, element(Parallel, {}, speak("proposer", "opponent"), speak("opponent", "proposer")));
}

function judgeOf({ id, judge, topic, argumentOutput, verdictOutput }) {
  const ctx = context();
  const last = (side) => ctx.latest(argumentOutput, `${id}-${side}`);
  const question = () =>
    ask(
      "You judge a debate. Weigh the arguments and decide.",
      topic,
      shown("The last argument in favour", last("proposer")),
      shown("The last argument against", last("opponent")),
    );
  return element(Task, { id: `${id}-judge`, output: verdictOutput, agent: judge }, question);
}
