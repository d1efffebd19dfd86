// Elements: what JSX makes. A small fixed shape, no spread, no copies.

export const Fragment = Symbol.for("react.fragment");

/** What an author's tree is made of. `key` is apart from the props, as in React. */
export class Element {
  constructor(type, props, key) {
    this.type = type;
    this.props = props;
    this.key = key;
  }
}

export function isValidElement(value) {
  return value instanceof Element;
}

export function jsx(type, props, key) {
  return new Element(type, props, key === undefined ? null : String(key));
}

export function createElement(type, config, ...children) {
  const { key = null, ref: _ref, ...props } = config ?? {};
  if (children.length > 0) props.children = children.length === 1 ? children[0] : children;
  return new Element(type, props, key === null ? null : String(key));
}

export function cloneElement(element, config, ...children) {
  const { key = element.key, ref: _ref, ...changes } = config ?? {};
  const props = { ...element.props, ...changes };
  if (children.length > 0) props.children = children.length === 1 ? children[0] : children;
  return new Element(element.type, props, key === null ? null : String(key));
}

/** A value that components below a Provider can read. */
class Context {
  constructor(initial) {
    this.current = initial;
    this.Provider = new Provider(this);
    this.Consumer = ({ children }) => children(this.current);
  }
}

export class Provider {
  constructor(context) {
    this.context = context;
  }
}

export function createContext(initial) {
  return new Context(initial);
}

function visit(children, callback) {
  if (Array.isArray(children)) {
    for (const child of children) visit(child, callback);
  } else {
    callback(typeof children === "boolean" || children === undefined ? null : children);
  }
}

export const Children = {
  forEach(children, callback) {
    if (children === null || children === undefined) return;
    let index = 0;
    visit(children, (child) => callback(child, index++));
  },
  map(children, callback) {
    const mapped = [];
    Children.forEach(children, (child, index) => visit(callback(child, index), (out) => out !== null && mapped.push(out)));
    return mapped;
  },
  toArray(children) {
    return Children.map(children, (child) => child);
  },
  count(children) {
    let count = 0;
    Children.forEach(children, () => count++);
    return count;
  },
  only(child) {
    if (!isValidElement(child)) throw new Error("Children.only expected one element");
    return child;
  },
};
