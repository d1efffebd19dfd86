// Timer: a node that waits for a point in time.

import { SmithersError } from "smithers:errors";
import { Kind, host } from "smithers:render";
import { Body, taskId, taskSpec } from "smithers:task";

const LONGEST_ID = 256;
const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const DURATION = /^(\d+(?:\.\d+)?|\.\d+)\s*(ms|s|m|h|d)?$/;
/** Longest time of a timer: a hundred years. */
const MOST_MS = 100 * 365 * UNITS.d;

export function Timer(props) {
  if (props.skipIf) return null;
  const id = taskId(props, "Timer");
  if (id.length > LONGEST_ID) refuse(id.slice(0, LONGEST_ID), `its id is longer than ${LONGEST_ID} characters`);
  const spec = taskSpec(props, id, "");
  spec.plain = false;
  spec.body = Body.timer;
  spec.wait = timeOf(props, id);
  return host(Kind.task, "smithers:timer", shown(props, spec.wait), spec, null);
}

/** The time as it is in the record: a Date as its text. */
function shown(props, { at, text }) {
  return at === undefined ? props : { ...props, until: text };
}

function timeOf(props, id) {
  const { duration, until, every } = props;
  if (every !== undefined) refuse(id, "`every` is not supported: put a Timer with `duration` into a Loop");
  if ((duration === undefined) === (until === undefined)) refuse(id, "it needs exactly one of `duration` and `until`");
  return duration === undefined ? momentOf(until, id) : durationOf(duration, id);
}

function durationOf(duration, id) {
  const text = String(duration).trim();
  const match = DURATION.exec(text);
  const ms = match === null ? NaN : Math.round(Number(match[1]) * UNITS[match[2] ?? "ms"]);
  if (!(ms >= 0 && ms <= MOST_MS)) refuse(id, `duration ${JSON.stringify(duration)} is not a time such as 500, "1.5s", "30m" or "7d"`);
  return { after: ms, text };
}

function momentOf(until, id) {
  const moment = until instanceof Date ? until : new Date(String(until));
  const at = moment.getTime();
  if (Number.isNaN(at)) refuse(id, `until ${JSON.stringify(until)} is neither an ISO time nor a Date`);
  return { at, text: moment.toISOString() };
}

function refuse(id, message) {
  throw new SmithersError("INVALID_INPUT", `Timer "${id}": ${message}`);
}
