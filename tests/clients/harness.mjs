// A very small test harness: cases in order, one line of result each, and a line to ask the caller for a restart.
import { createInterface } from "node:readline";

const answers = createInterface({ input: process.stdin });
const cases = [];

/** Registers a case. */
export function test(name, body) {
  cases.push({ name, body });
}

/** Asks the caller to kill the gateway and start it again; resolves when it listens. */
export function restartGateway() {
  return new Promise((resolve) => {
    answers.once("line", resolve);
    console.log("ask restart");
  });
}

/** Fails when the promise takes longer than `ms`. */
export function within(ms, what, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${ms} ms in vain for ${what}`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Calls `look` until it returns something, for at most `ms`. */
export async function until(ms, what, look) {
  const end = Date.now() + ms;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > end) throw new Error(`waited ${ms} ms in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Runs all cases and ends the process. */
export async function run() {
  for (const { name, body } of cases) {
    try {
      await within(30_000, "the case", body());
      console.log(`ok ${name}`);
    } catch (error) {
      console.log(`not ok ${name}: ${String(error?.stack ?? error).replaceAll("\n", " | ")}`);
    }
  }
  process.exit(0);
}
