/** @jsxImportSource smithers-orchestrator */
// The demo of `smithers gateway --demo`: build, tests side by side, an approval, ship.
// Change it and start the demo again.
import { Approval, Parallel, Sequence, Task, Workflow, approvalDecisionSchema, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers(
  {
    input: z.object({ version: z.string().default("1.0.0") }),
    build: z.object({ artifact: z.string(), bytes: z.number() }),
    test: z.object({ suite: z.string(), passed: z.number(), tookMs: z.number() }),
    decision: approvalDecisionSchema,
    output: z.object({ shipped: z.string(), tests: z.number() }),
  },
  { readableName: "Release train", description: "Builds, tests, asks, ships." },
);

const suites = ["unit", "integration", "browser"];

/** Pretends to run a suite: takes a moment, then reports. */
const runSuite = (suite: string, index: number) => async () => {
  const began = Date.now();
  await new Promise((resolve) => setTimeout(resolve, 400 + 300 * index));
  return { suite, passed: 40 + index, tookMs: Date.now() - began };
};

const demo = smithers((ctx) => {
  const artifact = `app-${ctx.input.version}.tar.gz`;
  const decision = ctx.outputMaybe(outputs.decision, { nodeId: "approve" });
  return (
    <Workflow name="release-train">
      <Sequence>
        <Task id="build" output={outputs.build}>{{ artifact, bytes: 1_048_576 }}</Task>
        <Parallel>
          {suites.map((suite, index) => (
            <Task key={suite} id={`test-${suite}`} output={outputs.test}>{runSuite(suite, index)}</Task>
          ))}
        </Parallel>
        <Approval
          id="approve"
          output={outputs.decision}
          onDeny="continue"
          request={{ title: `Ship ${artifact}?`, summary: `${suites.length} suites passed.` }}
        />
        {decision?.approved ? (
          <Task id="ship" output={outputs.output}>
            {() => ({ shipped: artifact, tests: ctx.outputs.test.reduce((sum, row) => sum + row.passed, 0) })}
          </Task>
        ) : null}
      </Sequence>
    </Workflow>
  );
});

export function register(gateway) {
  gateway.register("demo", demo);
}
