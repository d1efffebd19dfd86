// DecisionTable: rules with conditions; the first that matches decides, or all that match.

import { Branch, Parallel } from "smithers:components";
import { isValidElement } from "smithers:element";
import { element } from "smithers:composites/parts";
import { any, list, oneOf, optional, record, settings, text } from "smithers:composites/settings";

function node(value, say) {
  return isValidElement(value) ? value : say("an element");
}

const read = settings("DecisionTable", undefined, {
  rules: list(record({ when: any, then: node, label: optional(text) })),
  default: optional(node, null),
  strategy: optional(oneOf("first-match", "all-match"), "first-match"),
});

export function DecisionTable(props) {
  if (props.skipIf) return null;
  const { id, rules, default: otherwise, strategy } = read(props);
  if (strategy === "first-match") {
    return rules.reduceRight((rest, rule) => element(Branch, { if: Boolean(rule.when), then: rule.then, else: rest }), otherwise);
  }
  const matches = rules.filter((rule) => rule.when).map((rule) => rule.then);
  return matches.length === 0 ? otherwise : element(Parallel, { id }, matches);
}
