// What `smithers-orchestrator` exports to a module that uses composites.

export * from "smithers:index";
export * from "smithers:composites";
