// Host nodes: what built-in components stand for. Every node has the same fields, which the host reads by name.
//
// The host walks the elements itself (`runtime/walk`) and calls components on its way (`walk.mjs`).

/** Meaning of a node; the host knows the numbers. */
export const Kind = { group: 0, workflow: 1, sequence: 2, parallel: 3, task: 4, later: 6, loop: 7, deferred: 8, continueAsNew: 9, saga: 10, try: 11, region: 12 };

/** A node as the host reads it; `inner` is what its children are made from. */
export class HostNode {
  constructor(kind, tag, props, spec, inner) {
    this.kind = kind;
    this.tag = tag;
    this.props = props;
    this.spec = spec;
    this.inner = inner;
    /** Properties that a later frame can be compared with; null when the node is made anew in each. */
    this.made = null;
  }
}

/** The node that a built-in component stands for: its kind and what the engine must know. */
export function host(kind, tag, props, spec, inner) {
  return new HostNode(kind, tag, texts(props), spec, inner);
}

/**
 * Names the function of a built-in component that takes over new properties into the node of the frame before. It
 * answers false when they make another node. Such a component has no state and is called without hooks.
 */
export const again = Symbol("again");

/** A hand-written tag: a group. Tags of the product need their component. */
export function intrinsic(tag, props) {
  const foreign = tag.startsWith("smithers:") && tag !== "smithers:fragment";
  return host(foreign ? Kind.later : Kind.group, tag, props, foreign ? { component: tag } : null, props.children);
}

/** Properties of the frame's record: texts, numbers and booleans, as a flat list of pairs. */
function texts(props) {
  const flat = [];
  for (const name in props) {
    if (name === "children" || name.startsWith("__")) continue;
    const value = props[name];
    const type = typeof value;
    if (type === "string" || type === "number" || type === "boolean") flat.push(name, String(value));
  }
  return flat;
}
