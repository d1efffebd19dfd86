// ClassifyAndRoute: an agent sorts items into categories, and each category has an agent that takes its items.

import { Parallel, Sequence, Task } from "smithers:components";
import { ask, distinct, element, shown } from "smithers:composites/parts";
import { agent, any, count, func, isAgent, named, optional, output, record, refuse, settings } from "smithers:composites/settings";

const route = record({ agent, output: optional(output), prompt: optional(func) });

/** A category: its agent, or an object that names it. */
function category(value, ...rest) {
  return isAgent(value) || Array.isArray(value) ? { agent: agent(value, ...rest) } : route(value, ...rest);
}

const read = settings("ClassifyAndRoute", "classify-and-route", {
  items: any,
  categories: named(category),
  classifierAgent: agent,
  classifierOutput: output,
  routeOutput: output,
  classificationResult: optional(any),
  maxConcurrency: optional(count(1)),
  children: any,
});

export function ClassifyAndRoute(props) {
  if (props.skipIf) return null;
  const desk = read(props);
  const { id, items, categories, classifierAgent, classifierOutput, maxConcurrency, children } = desk;
  if (items === undefined || items === null) refuse("ClassifyAndRoute", "it needs `items`: an item or a list of items");
  const names = Object.keys(categories).join(", ");
  const question = ask(children, `Give each item one of these categories: ${names}.`, shown("The items", items));
  return element(
    Sequence,
    {},
    element(Task, { id: `${id}-classify`, output: classifierOutput, agent: classifierAgent }, question),
    element(Parallel, { id: `${id}-routes`, maxConcurrency }, routesOf(desk)),
  );
}

/** A task for each classification whose category is known. */
function routesOf(desk) {
  const found = classifications(desk.classificationResult);
  const ids = distinct(found.map(({ itemId }, index) => `${desk.id}-route-${itemId ?? index}`));
  const routes = found.map((classification, index) => routeOf(desk, classification, index, ids[index]));
  return routes.filter((route) => route !== null);
}

function classifications(result) {
  if (result === undefined || result === null) return [];
  if (Array.isArray(result.classifications)) return result.classifications;
  return refuse("ClassifyAndRoute", "`classificationResult` must hold a list `classifications`");
}

function routeOf({ items, categories, routeOutput, children }, classification, index, id) {
  const name = classification?.category;
  if (!Object.hasOwn(categories, name)) return null;
  const { agent, output, prompt } = categories[name];
  const item = itemOf(items, classification, index);
  const question = () => (prompt === undefined ? ask(children, `This item is of the category "${name}". Take care of it.`, shown("The item", item)) : prompt(item));
  return element(Task, { id, output: output ?? routeOutput, agent, label: name, continueOnFail: true }, question);
}

/** The item that a classification is about: the one of its id, else the one in its place, with what was found out. */
function itemOf(items, classification, index) {
  const all = Array.isArray(items) ? items : [items];
  const { itemId } = classification;
  const item = itemId === undefined || itemId === null ? all[index] : all.find((item) => String(item?.id) === String(itemId));
  return typeof item === "object" && item !== null ? { ...item, ...classification } : { ...classification, item: item ?? null };
}
