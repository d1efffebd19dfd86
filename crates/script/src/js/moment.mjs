// What differs from one moment to the next: the clock and chance. A frame that looks at it is never taken for another.

import { native } from "smithers:native";

const RealDate = Date;

function WatchedDate(...parts) {
  if (parts.length === 0 || new.target === undefined) native.touch();
  return new.target === undefined ? RealDate() : Reflect.construct(RealDate, parts, new.target);
}

/** Replaces a method by one that is noted. */
function watch(object, name) {
  const real = object?.[name];
  if (typeof real !== "function") return;
  const watched = {
    [name](...args) {
      native.touch();
      return Reflect.apply(real, this, args);
    },
  }[name];
  Object.defineProperty(object, name, { value: watched, writable: true, enumerable: false, configurable: true });
}

Object.defineProperty(WatchedDate, "name", { value: "Date", configurable: true });
Object.defineProperty(WatchedDate, "length", { value: RealDate.length, configurable: true });
WatchedDate.prototype = RealDate.prototype;
for (const name of ["now", "parse", "UTC"]) {
  Object.defineProperty(WatchedDate, name, { value: RealDate[name], writable: true, enumerable: false, configurable: true });
}
Object.defineProperty(RealDate.prototype, "constructor", { value: WatchedDate, writable: true, enumerable: false, configurable: true });
Object.defineProperty(globalThis, "Date", { value: WatchedDate, writable: true, enumerable: false, configurable: true });

watch(WatchedDate, "now");
watch(Math, "random");
// Its method cannot be replaced in place.
globalThis.performance = { now: performance.now.bind(performance), timeOrigin: performance.timeOrigin };
watch(globalThis.performance, "now");
watch(globalThis.WeakRef?.prototype, "deref");
