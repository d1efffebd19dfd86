// The agents of a task, one after the other: who is asked at an attempt, and who is not asked any more.

import { SmithersError } from "smithers:errors";

/** The agents of a task in the order in which they are asked. */
export function chainOf({ id, agent, fallbackAgent }) {
  const chain = [...(Array.isArray(agent) ? agent : [agent]), ...(fallbackAgent === undefined ? [] : [fallbackAgent])];
  for (const one of chain) {
    if (typeof one?.generate !== "function") {
      throw new SmithersError("AGENT_CONFIG_INVALID", `an agent of task "${id}" is no object with a function \`generate\``);
    }
  }
  if (chain.length === 0) throw new SmithersError("AGENT_CONFIG_INVALID", `task "${id}" has an empty list of agents`);
  return chain;
}

/** A name of an agent for people. */
export function nameOf(agent) {
  if (typeof agent.id === "string" && agent.id !== "") return agent.id;
  return agent.constructor?.name ?? "agent";
}

/** Agents of a run that are not asked any more, with the reason. */
export class Barred {
  constructor() {
    this.reasons = new Map();
  }

  /** Notes what a failure says about its agent. Returns true when another agent should be asked at once. */
  learn(agent, error) {
    if (isQuota(error)) {
      this.reasons.set(agent, error);
      return true;
    }
    if (isRefusedLogin(error)) this.reasons.set(agent, error);
    return false;
  }

  /** Agents for attempt `attempt` (from 1): its own rung first, then those after it, then those before it. */
  candidates(chain, attempt) {
    const rung = Math.min(attempt, chain.length) - 1;
    return [...chain.slice(rung), ...chain.slice(0, rung)].filter((agent) => !this.reasons.has(agent));
  }

  /** Why nobody is left. */
  refusal(id, chain) {
    const reasons = chain.map((agent) => `${nameOf(agent)}: ${messageOf(this.reasons.get(agent))}`);
    const quota = chain.some((agent) => isQuota(this.reasons.get(agent)));
    return new SmithersError(
      quota ? "AGENT_QUOTA_EXCEEDED" : "AGENT_CONFIG_INVALID",
      `no agent of task "${id}" can be asked: ${reasons.join("; ")}`,
      { failureRetryable: false },
    );
  }
}

/** Whether an agent says that it is ready; one that has nothing to say is. */
export async function isReady(agent) {
  if (typeof agent.preflight !== "function") return true;
  try {
    return (await agent.preflight()) !== false;
  } catch {
    return false;
  }
}

function messageOf(error) {
  return error?.message ?? "it is not ready";
}

function isQuota(error) {
  return error?.code === "AGENT_QUOTA_EXCEEDED" || error?.details?.failureQuota === true;
}

const REFUSED_LOGIN = /\b401\b|unauthori[sz]ed|(invalid|incorrect|expired)[ _-]?(x-)?(api[ _-]?key|credential|token)|authentication[ _](failed|error)/i;

function isRefusedLogin(error) {
  const status = error?.statusCode ?? error?.status;
  return status === 401 || REFUSED_LOGIN.test(String(error?.message ?? ""));
}
