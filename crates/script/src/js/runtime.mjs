// The task whose body is being entered.

let ambient;

/** What the body of a task may know of its attempt; defined until its first `await`. */
export function getTaskRuntime() {
  return ambient;
}

/** Runs `enter` as the beginning of the attempt that `runtime` describes. */
export function enterTask(runtime, enter) {
  ambient = runtime;
  try {
    return enter();
  } finally {
    ambient = undefined;
  }
}
