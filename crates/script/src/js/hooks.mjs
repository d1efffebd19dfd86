// Hooks of a headless renderer: state lives as long as the run's session, nothing paints, no effects.

import { native } from "smithers:native";
import { SmithersError } from "smithers:errors";

/** The component instance that is being rendered. */
let current = null;
let cursor = 0;

const MOST_RESTARTS = 25;

/** Calls `component` as instance `fiber`, again while it sets state during its own render. */
export function callComponent(fiber, component, props) {
  const outer = current;
  const outerCursor = cursor;
  try {
    for (let round = 0; round <= MOST_RESTARTS; round++) {
      current = fiber;
      cursor = 0;
      fiber.restart = false;
      const result = component(props);
      if (!fiber.restart) return result;
    }
    throw new Error(`component ${component.name} sets state in every render`);
  } finally {
    current = outer;
    cursor = outerCursor;
  }
}

/** Forgets a component whose render was stopped. */
export function resetHooks() {
  current = null;
}

function slot(make) {
  if (current === null) throw new SmithersError("CONTEXT_OUTSIDE_WORKFLOW", "hooks can only be called while a component renders");
  const hooks = (current.hooks ??= []);
  if (cursor === hooks.length) hooks.push(make());
  return hooks[cursor++];
}

export function useRef(initial) {
  native.touch();
  return slot(() => ({ current: initial }));
}

export function useState(initial) {
  return useReducer(
    (state, change) => (typeof change === "function" ? change(state) : change),
    undefined,
    () => (typeof initial === "function" ? initial() : initial),
  );
}

export function useReducer(reducer, argument, initialise) {
  native.touch();
  const fiber = current;
  const cell = slot(() => {
    const cell = { state: initialise ? initialise(argument) : argument, dispatch: null };
    cell.dispatch = (action) => {
      const next = reducer(cell.state, action);
      if (!Object.is(next, cell.state) && current === fiber) fiber.restart = true;
      cell.state = next;
    };
    return cell;
  });
  return [cell.state, cell.dispatch];
}

export function useMemo(compute, dependencies) {
  const cell = slot(() => ({ value: undefined, dependencies: null }));
  if (!same(cell.dependencies, dependencies)) {
    cell.value = compute();
    cell.dependencies = dependencies ?? null;
  }
  return cell.value;
}

export function useCallback(callback, dependencies) {
  return useMemo(() => callback, dependencies);
}

export function useContext(context) {
  return context.current;
}

function same(before, now) {
  return (
    before !== null &&
    Array.isArray(now) &&
    before.length === now.length &&
    before.every((value, index) => Object.is(value, now[index]))
  );
}
