// Loop: a body that is rendered again and again, and what that does to the ids of what is inside it.

import { Element, createContext } from "smithers:element";
import { SmithersError } from "smithers:errors";
import { currentFrame } from "smithers:frame";
import { native } from "smithers:native";
import { Kind, host } from "smithers:render";

const MOST_ITERATIONS = 5;
const OUTCOMES = ["fail", "return-last"];

/** The loop whose body is being rendered. */
export const loopScopes = createContext(null);

/** A loop around an element. Rows of its tasks differ by `iteration`; `suffix` tells the passes of outer loops apart. */
class Scope {
  constructor(outer, id, iterations) {
    this.suffix = outer === null ? "" : outer.chain;
    this.name = id + this.suffix;
    this.iteration = Object.hasOwn(iterations, this.name) ? iterations[this.name] : 0;
    /** What the ids of loops directly inside this one get. */
    this.chain = `${outer === null ? "@@" : `${outer.chain},`}${id}=${this.iteration}`;
    this.outer = outer;
  }

  /** What `id` may stand for here: the node in all passes around, then those in fewer of them. */
  *spellings(id) {
    for (let scope = this; scope !== null; scope = scope.outer) yield id + scope.chain;
  }
}

/** The innermost loop around what is being rendered, or null. */
export function currentScope() {
  return loopScopes.current;
}

export function Loop(props) {
  if (props.skipIf) return null;
  const { ctx } = currentFrame();
  const id = typeof props.id === "string" && props.id !== "" ? props.id : `ralph:${native.path()}`;
  const scope = new Scope(loopScopes.current, id, ctx.iterations);
  const spec = {
    id: scope.name,
    until: Boolean(props.until),
    maxIterations: limit("maxIterations", props.maxIterations ?? MOST_ITERATIONS),
    continueAsNewEvery: props.continueAsNewEvery === undefined ? 0 : limit("continueAsNewEvery", props.continueAsNewEvery),
    mayReachMax: outcome(props.onMaxReached ?? "return-last") === "return-last",
  };
  const body = new Element(loopScopes.Provider, { value: scope, children: props.children }, null);
  return host(Kind.loop, "smithers:ralph", props, spec, body);
}

export const Ralph = Loop;

function limit(name, value) {
  const whole = Math.floor(Number(value));
  if (whole >= 1) return Math.min(whole, 0xffffffff);
  throw new SmithersError("INVALID_INPUT", `${name} must be a number from 1, got ${JSON.stringify(value)}`);
}

function outcome(value) {
  if (OUTCOMES.includes(value)) return value;
  throw new SmithersError("INVALID_INPUT", `onMaxReached must be one of ${OUTCOMES.join(", ")}, got ${JSON.stringify(value)}`);
}
