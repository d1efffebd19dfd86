// The global scope of user modules: console, timers, process and the web's small interfaces.

import { native } from "smithers:native";
import "smithers:moment";
import { unavailable } from "smithers:errors";
import { structuredClone } from "smithers:clone";
import { console, stderr, stdout } from "smithers:console";
import { AbortController, AbortSignal, DOMException, Event, EventTarget, TextDecoder, TextEncoder, URL, URLSearchParams } from "smithers:web";

const timers = new Map();

/** Calls back after `delay` milliseconds, again and again unless `every` is null. */
export function startTimer(callback, delay, args, every) {
  if (typeof callback !== "function") throw new TypeError("a timer needs a function");
  const milliseconds = Math.max(every === null ? 0 : 1, Math.min(Number(delay) || 0, 2 ** 31 - 1));
  const id = native.setTimer(milliseconds);
  timers.set(id, { callback, args, every: every === null ? null : milliseconds });
  return id;
}

/** Takes a timer back. */
export function clearTimer(id) {
  if (timers.delete(id)) native.clearTimer(id);
}

/** Runs the callback of a timer that is due. */
export function fireTimer(id) {
  const timer = timers.get(id);
  if (timer === undefined) return;
  if (timer.every === null) timers.delete(id);
  else native.rearmTimer(id, timer.every);
  timer.callback(...timer.args);
}

const process = {
  env: Object.freeze(JSON.parse(native.env)),
  argv: Object.freeze(["smithers", native.entry]),
  platform: native.platform,
  versions: Object.freeze({}),
  cwd: () => native.root,
  nextTick: (callback, ...args) => queueMicrotask(() => callback(...args)),
  exit: () => unavailable("process.exit"),
  on: () => process,
  stdout,
  stderr,
};

function randomUUID() {
  native.touch();
  return native.randomUuid();
}

const crypto = Object.freeze({ randomUUID });

Object.assign(globalThis, {
  AbortController,
  AbortSignal,
  DOMException,
  Event,
  EventTarget,
  TextDecoder,
  TextEncoder,
  URL,
  URLSearchParams,
  clearInterval: clearTimer,
  clearTimeout: clearTimer,
  console,
  crypto,
  fetch: async () => unavailable("fetch"),
  global: globalThis,
  process,
  setInterval: (callback, delay, ...args) => startTimer(callback, delay, args, true),
  setImmediate: (callback, ...args) => startTimer(callback, 0, args, null),
  setTimeout: (callback, delay, ...args) => startTimer(callback, delay, args, null),
  structuredClone,
});
