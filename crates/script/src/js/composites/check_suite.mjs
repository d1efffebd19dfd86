// CheckSuite: checks side by side, by agents or commands, and a verdict.

import { Parallel, Sequence, Task } from "smithers:components";
import { runCommand } from "smithers:command";
import { ask, context, element } from "smithers:composites/parts";
import { agent, count, flag, list, named, oneOf, optional, output, record, refuse, settings, text } from "smithers:composites/settings";

const USUAL_TIMEOUT_MS = 600_000;

const kinds = {
  agent: optional(agent),
  command: optional(text),
  label: optional(text),
  /** For a command; 0 is none. */
  timeoutMs: optional(count(0), USUAL_TIMEOUT_MS),
};

/** A list of checks with ids, or an object from id to check. */
function checks(value, ...rest) {
  if (Array.isArray(value)) return list(record({ id: text, ...kinds }))(value, ...rest);
  return Object.entries(named(record(kinds))(value, ...rest)).map(([id, check]) => ({ id, ...check }));
}

const STRATEGIES = {
  "all-pass": (passed, total) => passed === total,
  majority: (passed, total) => passed > total / 2,
  "any-pass": (passed) => passed > 0,
};

const read = settings("CheckSuite", "checksuite", {
  checks,
  verdictOutput: output,
  /** Where the rows of the checks go; beside the verdict when it is not given. */
  checkOutput: optional(output),
  strategy: optional(oneOf(...Object.keys(STRATEGIES)), "all-pass"),
  maxConcurrency: optional(count(1)),
  continueOnFail: optional(flag, true),
});

export function CheckSuite(props) {
  if (props.skipIf) return null;
  const suite = read(props);
  const { maxConcurrency } = suite;
  return element(Sequence, {}, element(Parallel, { maxConcurrency }, suite.checks.map((check) => checkOf(suite, check))), verdictOf(suite));
}

function tableOf({ checkOutput, verdictOutput }) {
  return checkOutput ?? verdictOutput;
}

function checkOf(suite, { id, agent, command, label, timeoutMs }) {
  if ((agent === undefined) === (command === undefined)) refuse("CheckSuite", `the check "${id}" needs either an agent or a command`);
  const task = { id: `${suite.id}-${id}`, output: tableOf(suite), label: label ?? id, continueOnFail: suite.continueOnFail };
  if (command === undefined) return element(Task, { ...task, agent }, ask(`Carry out the check "${label ?? id}" and tell whether it passed.`));
  return element(Task, task, async () => rowOf(command, await runCommand(command, { timeoutMs })));
}

/** What is stored of a command that ran. */
function rowOf(command, ended) {
  const passed = ended.exitCode === 0 && !ended.timedOut;
  const row = { passed, ok: passed, command, ...ended };
  if (!passed) row.diagnostic = ended.error ?? (ended.timedOut ? "it took too long and was ended" : `it ended with ${ended.signal ?? `exit code ${ended.exitCode}`}`);
  return row;
}

function verdictOf(suite) {
  const { id, checks, strategy, verdictOutput } = suite;
  const ctx = context();
  const dependsOn = checks.map((check) => `${id}-${check.id}`);
  const verdict = () => {
    const results = checks.map((check) => resultOf(check, ctx.latest(tableOf(suite), `${id}-${check.id}`)));
    const passCount = results.filter((result) => result.passed).length;
    return { passed: STRATEGIES[strategy](passCount, results.length), passCount, total: results.length, strategy, results };
  };
  return element(Task, { id: `${id}-verdict`, output: verdictOutput, dependsOn }, verdict);
}

/** How a check stands: a row that is missing, or that says anything of a failure, is one. */
function resultOf({ id, label }, row) {
  const named = { id, label: label ?? id };
  if (row === undefined) return { ...named, passed: false, error: "it has no result" };
  const hasFailed = row.passed === false || row.ok === false || row.failed === true || Boolean(row.error);
  return { ...named, ...row, passed: !hasFailed };
}
