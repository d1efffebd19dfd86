// Which agent an attempt asks: chains of agents, and what a run has learnt about them.

import { SmithersError } from "smithers:errors";

const MOST_OF_MESSAGE = 2_000;
const LOOKS_LIKE_LOGIN = /\b401\b|\bunauthori[sz]ed\b|\b(?:invalid|incorrect|expired)\b.{0,24}\b(?:api[ _-]?key|credentials?|(?:access|auth|bearer) token)\b|\bauthentication[ _](?:failed|error)\b/i;

/** The agents of a task, first to last; null when `agent` names none. */
export function chainOf({ agent, fallbackAgent }) {
  if (agent === undefined || agent === null) return null;
  return [agent, fallbackAgent].flat().filter(Boolean);
}

/** How people call an agent. */
export function nameOf(agent) {
  if (typeof agent?.id === "string" && agent.id !== "") return agent.id;
  return agent?.constructor?.name ?? "agent";
}

/** What a run has learnt about its agents. Lives as long as the run stays in memory. */
export class Standings {
  #disabled = new Map();
  #blocked = new Map();

  /** Whether `agent` can be asked at all. */
  isUsable(agent) {
    return !this.#disabled.has(agent) && !this.isBlocked(agent);
  }

  isBlocked(agent) {
    const until = this.#blocked.get(agent);
    if (until === undefined) return false;
    if (Date.now() < until) return true;
    this.#blocked.delete(agent);
    return false;
  }

  /** When the first of `agents` has its quota again, for the details of an error; null when none says so. */
  firstReset(agents) {
    const first = Math.min(...agents.map((agent) => this.#blocked.get(agent) ?? Infinity));
    return Number.isFinite(first) ? first : null;
  }

  /** Takes notice of an error. Says whether another agent can be asked within the same attempt. */
  learn(agent, error) {
    if (isQuota(error)) {
      this.#blocked.set(agent, resetOf(error));
      return true;
    }
    if (error?.code === "RUNTIME_CAPABILITY_UNAVAILABLE" || looksLikeLogin(error)) this.#disabled.set(agent, error);
    return false;
  }
}

/** The agents that the attempt after `failures` failed ones may ask, in order. The last one is asked again and again. */
export function rungsFor(chain, failures, standings) {
  const first = Math.min(failures, chain.length - 1);
  return [...chain.slice(first), ...chain.slice(0, first)].filter((agent) => standings.isUsable(agent));
}

/** The error of an attempt that found no agent to ask. */
export function noAgentLeft(chain, standings, nodeId) {
  if (chain.length === 0) return new SmithersError("AGENT_CONFIG_INVALID", `task "${nodeId}" has an empty list of agents`);
  const names = chain.map(nameOf).join(", ");
  if (chain.some((agent) => standings.isBlocked(agent))) {
    const resetAtMs = standings.firstReset(chain);
    const next = resetAtMs === null ? "; resume the run when it is there again" : "";
    return new SmithersError("AGENT_QUOTA_EXCEEDED", `the quota of every agent of task "${nodeId}" is used up (${names})${next}`, resetAtMs === null ? undefined : { resetAtMs });
  }
  return new SmithersError("AGENT_CONFIG_INVALID", `no agent of task "${nodeId}" can be used in this run (${names})`);
}

function isQuota(error) {
  return error?.code === "AGENT_QUOTA_EXCEEDED" || error?.details?.failureQuota === true;
}

/** When a used-up quota is there again, in milliseconds of the clock; never, when the error does not say. */
function resetOf(error) {
  const at = Number(error?.details?.resetAtMs);
  return Number.isFinite(at) ? at : Infinity;
}

function looksLikeLogin(error) {
  if (error?.statusCode === 401 || error?.status === 401) return true;
  return LOOKS_LIKE_LOGIN.test(String(error?.message ?? error).slice(0, MOST_OF_MESSAGE));
}
