// What Markdown in an MDX file becomes: text again while a prompt is rendered, plain tags elsewhere.

import { markup } from "smithers:markup";
import { Children } from "smithers:element";

/** Tags that Markdown makes, each as a component that gives its Markdown text. */
export const markdownTags = Object.freeze({
  h1: heading(1),
  h2: heading(2),
  h3: heading(3),
  h4: heading(4),
  h5: heading(5),
  h6: heading(6),
  p: ({ children }) => `${markup(children)}\n\n`,
  ul: ({ children }) => listText(children, () => "- "),
  ol: ({ children, start }) => listText(children, (index) => `${(start ?? 1) + index}. `),
  li: ({ children }) => itemText("- ", children),
  pre: ({ children }) => `${markup(children).trimEnd()}\n\n`,
  code: codeText,
  strong: ({ children }) => `**${markup(children)}**`,
  em: ({ children }) => `*${markup(children)}*`,
  a: ({ children, href }) => `[${markup(children)}](${href ?? ""})`,
  img: ({ alt, src }) => `![${alt ?? ""}](${src ?? ""})`,
  blockquote: ({ children }) => `${quoted(markup(children).trim())}\n\n`,
  hr: () => "---\n\n",
  br: () => "\n",
  table: ({ children }) => `${markup(children).replace(/\n{2,}/g, "\n").trim()}\n\n`,
  thead: ({ children }) => markup(children),
  tbody: ({ children }) => markup(children),
  tr: ({ children }) => `|${markup(children)}\n`,
  th: ({ children }) => ` ${markup(children)} |`,
  td: ({ children }) => ` ${markup(children)} |`,
  div: ({ children }) => `${markup(children)}\n`,
  section: ({ children }) => `${markup(children)}\n`,
  span: ({ children }) => markup(children),
});

function heading(level) {
  return ({ children }) => `${"#".repeat(level)} ${markup(children)}\n\n`;
}

/** A list: each item after its marker, lines that follow indented below it. */
function listText(children, marker) {
  let index = 0;
  let text = "";
  Children.forEach(children, (child) => {
    if (typeof child === "string" && child.trim() === "") return;
    text += child?.type === markdownTags.li ? itemText(marker(index++), child.props.children) : markup(child);
  });
  return `${text}\n`;
}

function itemText(marker, children) {
  const indent = " ".repeat(marker.length);
  const [first, ...rest] = markup(children).trim().replace(/\n{3,}/g, "\n\n").split("\n");
  return `${marker}${first}\n${rest.map((line) => (line === "" ? "\n" : `${indent}${line}\n`)).join("")}`;
}

function codeText({ children, className }) {
  const text = markup(children);
  const language = /(?:^|\s)language-(\S+)/.exec(className ?? "")?.[1];
  if (language === undefined && !text.endsWith("\n")) return inlineCode(text);
  const fence = longestRun(text) < 3 ? "```" : "`".repeat(longestRun(text) + 1);
  return `${fence}${language ?? ""}\n${text.replace(/\n$/, "")}\n${fence}\n`;
}

function inlineCode(text) {
  const run = longestRun(text);
  const ticks = "`".repeat(run + 1);
  return run === 0 ? `\`${text}\`` : `${ticks} ${text} ${ticks}`;
}

/** Length of the longest run of backticks. */
function longestRun(text) {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));
}

function quoted(text) {
  return text.replace(/\n{3,}/g, "\n\n").split("\n").map((line) => (line === "" ? ">" : `> ${line}`)).join("\n");
}

const PLAIN = Object.freeze({});

let provided = PLAIN;

/** The components that stand for Markdown where an MDX file is rendered. */
export function useMDXComponents() {
  return provided;
}

/** Calls `body` while Markdown becomes text. */
export function withMarkdownText(body) {
  const outer = provided;
  provided = markdownTags;
  try {
    return body();
  } finally {
    provided = outer;
  }
}

/** The component that an MDX file names and does not import. */
export function component(components, name) {
  const found = name.split(".").reduce((value, part) => value?.[part], components);
  if (found === undefined) throw new Error(`the component \`${name}\` is neither imported nor given in \`components\``);
  return found;
}
