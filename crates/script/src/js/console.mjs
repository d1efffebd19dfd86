// The console. What a task writes becomes output of its attempt; what other code writes goes to the gateway's log.

import { native } from "smithers:native";

const STDOUT = "stdout";
const STDERR = "stderr";

function shown(value) {
  if (typeof value === "string") return value;
  if (value instanceof Error) return value.stack ? `${value.name}: ${value.message}\n${value.stack}` : String(value);
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
}

const lines = (stream, level) => (...values) => native.write(stream, level, `${values.map(shown).join(" ")}\n`);

const error = lines(STDERR, "error");

/** `console` of user modules. */
export const console = {
  log: lines(STDOUT, "info"),
  info: lines(STDOUT, "info"),
  debug: lines(STDOUT, "debug"),
  dir: (value) => console.log(value),
  table: (value) => console.log(value),
  warn: lines(STDERR, "warn"),
  error,
  trace: lines(STDERR, "debug"),
  assert: (holds, ...values) => holds || error("Assertion failed", ...values),
};

const writer = (stream, level) => Object.freeze({ isTTY: false, write: (text) => (native.write(stream, level, String(text)), true) });

/** `process.stdout` and `process.stderr` of user modules: texts as they are, which need not be lines. */
export const stdout = writer(STDOUT, "info");
export const stderr = writer(STDERR, "error");

/** Functions that take what something writes on behalf of call `call`, whoever's code is running. */
export function writersOf(call) {
  return {
    onStdout: (text) => native.report(call, STDOUT, String(text)),
    onStderr: (text) => native.report(call, STDERR, String(text)),
  };
}
