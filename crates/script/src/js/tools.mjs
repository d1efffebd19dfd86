// Tools for agents, as descriptions: agents come in a later version.

import { unavailable } from "smithers:errors";

function tool(name, description) {
  return { name, description, execute: async () => unavailable(`tool ${name}`) };
}

export const read = tool("read", "Reads a file of the task's folder");
export const write = tool("write", "Writes a file of the task's folder");
export const edit = tool("edit", "Applies a patch to a file of the task's folder");
export const grep = tool("grep", "Searches the task's folder");
export const bash = tool("bash", "Runs a command in the task's folder");
export const tools = { read, write, edit, grep, bash };

export function defineTool(definition) {
  return { ...definition };
}
