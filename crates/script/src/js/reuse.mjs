// Properties of an element in two frames: whether they are such that they can be compared, and whether they are equal.

/** Properties that may be objects: nobody changes a schema or a table. */
const FIXED = ["output", "outputSchema"];

/** Properties to compare others with, whatever the children are. */
class Plain {
  constructor(props, count) {
    this.props = props;
    this.count = count;
  }

  equals(props) {
    const before = this.props;
    let count = 0;
    for (const name in props) {
      if (before[name] !== props[name] && name !== "children") return false;
      count += 1;
    }
    return count === this.count;
  }
}

/** `props` for comparison; null when one of them, other than the children, may change in place. */
export function plain(props) {
  let count = 0;
  for (const name in props) {
    const value = props[name];
    const isObject = (typeof value === "object" && value !== null) || typeof value === "function";
    if (isObject && name !== "children" && !FIXED.includes(name)) return null;
    count += 1;
  }
  return new Plain(props, count);
}
