// What the code of a task can find out about the attempt that it is part of.

import { native } from "smithers:native";

export class TaskRuntime {
  #pulse;

  constructor(runId, { nodeId, iteration, attempt, lastHeartbeat, signal, pulse, rootDir = native.root }) {
    this.#pulse = pulse;
    this.runId = runId;
    this.stepId = nodeId;
    this.nodeId = nodeId;
    this.iteration = iteration;
    this.attempt = attempt;
    /** The folder that the task works in: that of its worktree, else that of its module. */
    this.rootDir = rootDir;
    /** Fires when the attempt is over before its code is: cancelled, timed out, or its run closed. */
    this.signal = signal;
    /** What an earlier attempt told last with `heartbeat`, or null. */
    this.lastHeartbeat = lastHeartbeat;
  }

  /** Shows that the task is alive. The next attempt, should there be one, is given `data`: JSON of at most 1 MiB. */
  heartbeat = (data) => this.#pulse.beat(data);
}

let ambient;

/** The task whose body is being entered; defined until its first `await`. */
export function getTaskRuntime() {
  return ambient;
}

/** Runs `run` on behalf of `task`. */
export function inTask(task, run) {
  const outer = ambient;
  ambient = task;
  try {
    return run();
  } finally {
    ambient = outer;
  }
}
