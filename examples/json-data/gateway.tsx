/** @jsxImportSource smithers-orchestrator */
// Data beside the code: a JSON file is imported like a module and is part of the revision that a run refers to.
import { Parallel, Sequence, Task, Workflow, createSmithers } from "smithers-orchestrator";
import { z } from "zod";
import regions from "./regions.json" with { type: "json" };

const { smithers, outputs } = createSmithers({
  quota: z.object({ region: z.string(), nodes: z.number().int() }),
  output: z.object({ nodes: z.number().int() }),
});

const jsonData = smithers((ctx) => (
  <Workflow name="json-data">
    <Sequence>
      <Parallel>
        {regions.map((region) => (
          <Task key={region.name} id={`quota-${region.name}`} output={outputs.quota}>
            {{ region: region.name, nodes: region.zones * region.nodesPerZone }}
          </Task>
        ))}
      </Parallel>
      <Task id="sum" output={outputs.output}>
        {() => ({ nodes: ctx.outputs.quota.reduce((sum, row) => sum + row.nodes, 0) })}
      </Task>
    </Sequence>
  </Workflow>
));

export function register(gateway) {
  gateway.register("json-data", jsonData);
}
