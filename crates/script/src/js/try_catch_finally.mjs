// TryCatchFinally: what may fail, what follows from that, and what follows in any case.

import { isValidElement } from "smithers:element";
import { guarded, unlimited } from "smithers:inherited";
import { Region, constructId, refuse, region } from "smithers:recovery";
import { Kind, host } from "smithers:render";

export function TryCatchFinally(props) {
  if (props.skipIf) return null;
  if (props.try === undefined || props.try === null) refuse("TryCatchFinally", props.id, "it needs something to `try`");
  const spec = { id: constructId(props, "tcf"), codes: codesOf(props) };
  const parts = [region(Region.try, "smithers:tcf-try", guarded(props.try))];
  // A function is ignored, as it would have to be called with an error that no frame holds.
  if (isThere(props.catch)) parts.push(region(Region.catch, "smithers:tcf-catch", guarded(props.catch)));
  if (isThere(props.finally)) parts.push(region(Region.finally, "smithers:tcf-finally", unlimited(props.finally)));
  return host(Kind.try, "smithers:try-catch-finally", props, spec, parts);
}

function isThere(value) {
  return isValidElement(value) || Array.isArray(value);
}

function codesOf({ id, catchErrors = [] }) {
  const isCode = (code) => typeof code === "string" && code !== "";
  if (Array.isArray(catchErrors) && catchErrors.every(isCode)) return catchErrors;
  return refuse("TryCatchFinally", id, "catchErrors must be a list of codes");
}
