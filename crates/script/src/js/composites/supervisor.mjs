// Supervisor: a boss plans, workers work side by side, and the boss reviews until all is done.

import { Loop, Parallel, Sequence, Task } from "smithers:components";
import { Worktree } from "smithers:index";
import { ask, context, element, rowOfLastPass, shown } from "smithers:composites/parts";
import { agent, count, flag, named, optional, output, prompt, settings } from "smithers:composites/settings";

const read = settings("Supervisor", "supervisor", {
  boss: agent,
  workers: named(agent),
  planOutput: output,
  workerOutput: output,
  reviewOutput: output,
  finalOutput: output,
  maxIterations: optional(count(1), 3),
  maxConcurrency: optional(count(1), 5),
  useWorktrees: optional(flag, false),
  children: prompt,
});

export function Supervisor(props) {
  if (props.skipIf) return null;
  const team = read(props);
  const { id, boss, planOutput, finalOutput, reviewOutput, children, maxIterations } = team;
  const ctx = context();
  const until = ctx.latest(reviewOutput, `${id}-review`)?.allDone === true;
  const types = `The workers are: ${Object.keys(team.workers).join(", ")}.`;
  const summary = () => ask("Sum up what has been done.", children, shown("Your last review", ctx.latest(reviewOutput, `${id}-review`)), ...done(team, ctx));
  return element(
    Sequence,
    {},
    element(Task, { id: `${id}-plan`, output: planOutput, agent: boss }, ask("Plan this work and give each part to a worker.", children, types)),
    element(Loop, { id: `${id}-loop`, until, maxIterations, onMaxReached: "return-last" }, element(Pass, { team })),
    element(Task, { id: `${id}-final`, output: finalOutput, agent: boss }, summary),
  );
}

function Pass({ team }) {
  const { id, boss, workers, planOutput, reviewOutput, children, maxConcurrency } = team;
  const ctx = context();
  const types = Object.keys(workers);
  const plan = ctx.latest(planOutput, `${id}-plan`);
  const review = rowOfLastPass(reviewOutput, `${id}-review`);
  const question = () => ask("Review what the workers have done, and say what has to be done again.", children, shown("Your plan", plan), ...done(team, ctx));
  return element(
    Sequence,
    {},
    element(Parallel, { maxConcurrency }, types.map((type) => workerOf(team, type, plan, review))),
    element(Task, { id: `${id}-review`, output: reviewOutput, agent: boss, dependsOn: types.map((type) => workerId(team, type)) }, question),
  );
}

function workerId({ id }, type) {
  return `${id}-worker-${type}`;
}

function workerOf(team, type, plan, review) {
  const id = workerId(team, type);
  const own = Array.isArray(plan?.tasks) ? plan.tasks.filter((task) => task?.workerType === type) : plan;
  const question = ask(`You are the worker "${type}".`, team.children, shown("Your part of the plan", own), review !== undefined && shown("The review of the round before", review));
  const task = element(Task, { id, output: team.workerOutput, agent: team.workers[type], continueOnFail: true }, question);
  return team.useWorktrees ? element(Worktree, { id: `${id}-worktree`, path: `.worktrees/${id}`, branch: `worker/${id}` }, task) : task;
}

/** What each worker has done last. */
function done(team, ctx) {
  return Object.keys(team.workers).map((type) => {
    const row = ctx.latest(team.workerOutput, workerId(team, type));
    return row === undefined ? `Worker "${type}" has no result: its task failed.` : shown(`Result of worker "${type}"`, row);
  });
}
