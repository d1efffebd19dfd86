// The automatic JSX runtime.
export { jsx, jsx as jsxs, jsx as jsxDEV, Fragment } from "smithers:element";
