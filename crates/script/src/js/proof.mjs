// Proofs: which row a decision rests on, and the digest of what is in it; what a task is bound to.

import { SmithersError } from "smithers:errors";
import { native } from "smithers:native";

/** Most rows that a task is bound to; the host has the same bound. */
const MOST_PROOFS = 64;
const LONGEST_NAME = 1024;
const DIGEST = /^[0-9a-f]{64}$/;

/** The proof of a row, or undefined without one. */
export function proofOf(table, row) {
  if (row === undefined) return undefined;
  row.digest ??= native.proofDigest(JSON.stringify(row.value()));
  return Object.freeze({ table, nodeId: row.nodeId, iteration: row.iteration, digest: row.digest });
}

/** What a task is bound to, or null. A proof that is undefined or null is of a row that is not there yet. */
export function bindingOf(props) {
  if (!("bind" in props)) return null;
  const list = Array.isArray(props.bind) ? props.bind : [props.bind];
  if (list.length > MOST_PROOFS) throw invalid(props, `at most ${MOST_PROOFS} proofs`);
  const given = list.filter((proof) => proof !== undefined && proof !== null);
  const proofs = given.map((proof) => {
    const { table, nodeId, iteration, digest } = proof;
    const named = isName(table) && isName(nodeId) && Number.isInteger(iteration) && iteration >= 0 && iteration < 2 ** 32;
    if (!named || typeof digest !== "string" || !DIGEST.test(digest)) throw invalid(props, "what ctx.prove gives");
    return { table, nodeId, iteration, digest };
  });
  return { proofs, complete: proofs.length > 0 && proofs.length === list.length };
}

function isName(text) {
  return typeof text === "string" && text !== "" && text.length <= LONGEST_NAME;
}

function invalid({ id }, wanted) {
  return new SmithersError("INVALID_INPUT", `the bind of "${id}" takes ${wanted}`);
}
