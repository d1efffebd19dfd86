/** @jsxImportSource smithers-orchestrator */
// CheckSuite: two commands and an agent check a version, and most of them decide. Commands need SMITHERS_MODULE_COMMANDS.
import { CheckSuite, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";

const { smithers, outputs } = createSmithers({
  input: z.object({ version: z.string() }),
  check: z.object({ passed: z.boolean(), exitCode: z.number().int().nullable().optional(), stdout: z.string().optional(), stderr: z.string().optional() }),
  verdict: z.object({ passed: z.boolean(), passCount: z.number().int(), total: z.number().int(), strategy: z.string(), results: z.array(z.any()) }),
});

const reader = (version: string) => ({
  id: "reader",
  generate: async () => ({ output: { passed: /^\d+\.\d+\.\d+$/.test(version) } }),
});

const checks = smithers((ctx) => (
  <Workflow name="check-suite">
    <CheckSuite
      checks={{
        shell: { command: "test -x /bin/sh && echo there is a shell" },
        never: { command: "echo it is broken >&2; exit 1", label: "Never passes", timeoutMs: 60_000 },
        version: { agent: reader(ctx.input.version) },
      }}
      checkOutput={outputs.check}
      verdictOutput={outputs.verdict}
      strategy="majority"
    />
  </Workflow>
));

export function register(gateway) {
  gateway.register("check-suite", checks);
}
