// ScanFixVerify: look for problems, fix them side by side, verify, and begin again until none is left.

import { Loop, Parallel, Sequence, Task } from "smithers:components";
import { ask, context, element, rowOfLastPass, rowOfPass, shown } from "smithers:composites/parts";
import { agent, any, count, optional, output, refuse, settings } from "smithers:composites/settings";

const read = settings("ScanFixVerify", "sfv", {
  scanner: agent,
  fixer: agent,
  verifier: agent,
  scanOutput: output,
  fixOutput: output,
  verifyOutput: output,
  reportOutput: output,
  maxConcurrency: optional(count(1)),
  maxRetries: optional(count(1), 3),
  children: any,
});

export function ScanFixVerify(props) {
  if (props.skipIf) return null;
  const work = read(props);
  const { id, scanOutput, verifyOutput, reportOutput, maxRetries, verifier, children } = work;
  const ctx = context();
  const verdict = (ctx) => ctx.latest(verifyOutput, `${id}-verify`);
  const until = verdict(ctx)?.resolved === true;
  const report = () =>
    ask("Report what was found and what became of it.", children, shown("The last scan", ctx.latest(scanOutput, `${id}-scan`)), shown("The last verification", verdict(ctx)));
  return element(
    Sequence,
    {},
    element(Loop, { id: `${id}-loop`, until, maxIterations: maxRetries, onMaxReached: "return-last" }, element(Pass, { work })),
    element(Task, { id: `${id}-report`, output: reportOutput, agent: verifier }, report),
  );
}

function Pass({ work }) {
  const { id, scanner, verifier, scanOutput, verifyOutput, maxConcurrency, children } = work;
  const scan = rowOfPass(scanOutput, `${id}-scan`);
  const before = rowOfLastPass(verifyOutput, `${id}-verify`);
  const issues = scan === undefined ? undefined : issuesOf(scan);
  const look = ask("Look for problems.", children, before !== undefined && shown("The verification of the round before found this", before));
  const fixes = issues === undefined ? [element(Task, fixOf(work, "", 0), "Wait for the scan.")] : issues.map((issue, index) => fixFor(work, issue, index));
  return element(
    Sequence,
    {},
    element(Task, { id: `${id}-scan`, output: scanOutput, agent: scanner }, look),
    element(Parallel, { id: `${id}-fixes`, maxConcurrency }, fixes),
    element(Task, { id: `${id}-verify`, output: verifyOutput, agent: verifier }, verification(work, scan, issues ?? [])),
  );
}

function issuesOf({ issues }) {
  return Array.isArray(issues) ? issues : refuse("ScanFixVerify", "the row of the scan must hold a list `issues`");
}

/** Fixers take turns. Before the scan has said what there is to fix, one task stands for all. */
function fixOf({ id, fixer, fixOutput }, suffix, index) {
  return { id: `${id}-fix${suffix}`, output: fixOutput, agent: Array.isArray(fixer) ? fixer[index % fixer.length] : fixer };
}

function fixFor(work, issue, index) {
  return element(Task, fixOf(work, `-${index}`, index), ask("Fix this problem.", work.children, shown("The problem", issue)));
}

function verification({ id, fixOutput, children }, scan, issues) {
  const fixes = issues.map((_, index) => rowOfPass(fixOutput, `${id}-fix-${index}`) ?? null);
  return ask("Verify whether the problems are resolved.", children, shown("The scan", scan), shown("The fixes", fixes));
}
