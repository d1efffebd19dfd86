// Properties of an element in two frames: whether they are such that they can be compared, and whether they are equal.

/** Properties that may be objects: nobody changes a schema or a table. */
const FIXED = ["output", "outputSchema"];

/** Whether `props` are values that cannot change in place, but for the children. */
export function isPlain(props) {
  for (const name in props) {
    const value = props[name];
    const isObject = (typeof value === "object" && value !== null) || typeof value === "function";
    if (isObject && name !== "children" && !FIXED.includes(name)) return false;
  }
  return true;
}

/** Whether `props` have the names and the values of `before`, whatever the children are. */
export function sameProps(before, props) {
  let names = 0;
  for (const name in props) {
    if (before[name] !== props[name] && name !== "children") return false;
    names += 1;
  }
  for (const _ in before) names -= 1;
  return names === 0;
}
