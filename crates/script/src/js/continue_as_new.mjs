// ContinueAsNew: where a run ends and goes on as a new one, which is told a state.

import { Element } from "smithers:element";
import { SmithersError } from "smithers:errors";
import { Kind, host } from "smithers:render";

/** With `fresh`, an addition of ours, the new run gets the state only; without, the rows and loops of this one too. */
export function ContinueAsNew(props) {
  if (props.skipIf) return null;
  const stateJson = textOf(props.state);
  return host(Kind.continueAsNew, "smithers:continue-as-new", { id: props.id, stateJson }, { payload: stateJson, fresh: props.fresh === true }, null);
}

/** The element that lets a run go on as a new one. */
export function continueAsNew(state) {
  return new Element(ContinueAsNew, { state }, null);
}

function textOf(state) {
  try {
    return JSON.stringify(state) ?? "null";
  } catch (cause) {
    throw new SmithersError("INVALID_INPUT", `ContinueAsNew: its state is not JSON: ${cause.message}`);
  }
}
