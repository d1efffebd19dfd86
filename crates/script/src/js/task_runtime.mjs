// What the code of a task can find out about the attempt that it is part of.

import { native } from "smithers:native";

export class TaskRuntime {
  constructor(runId, nodeId, iteration, attempt, signal) {
    this.runId = runId;
    this.stepId = nodeId;
    this.nodeId = nodeId;
    this.iteration = iteration;
    this.attempt = attempt;
    this.rootDir = native.root;
    /** Fires when the attempt is over before its code is: cancelled, timed out, or its run closed. */
    this.signal = signal;
  }
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
