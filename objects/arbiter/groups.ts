/** Causal groups: events that touch a common entity, directly or through others, run in order; groups are independent. */
import { known } from "../shared/assert.ts";

/**
 * The groups of the events whose touched keys are given, each a rising list of event indices, in the order of their first
 * events. Union-find with path compression.
 */
// Rule: PartitionIntoCausalGroups.
export function causalGroups(touched: readonly (readonly string[])[]): number[][] {
  const parents = touched.map((_, index) => index);
  const owners = new Map<string, number>();
  touched.forEach((keys, index) => {
    for (const key of keys) {
      const owner = owners.get(key);
      if (owner === undefined) owners.set(key, index);
      else unite(parents, owner, index);
    }
  });
  const groups = new Map<number, number[]>();
  for (let index = 0; index < touched.length; index++) {
    const root = rootOf(parents, index);
    const group = groups.get(root);
    if (group === undefined) groups.set(root, [index]);
    else group.push(index);
  }
  return [...groups.values()];
}

function rootOf(parents: number[], index: number): number {
  let root = index;
  while (parents[root] !== root) root = known(parents[root], "every event has a parent");
  let at = index;
  while (at !== root) {
    const next = known(parents[at], "every event has a parent");
    parents[at] = root;
    at = next;
  }
  return root;
}

/** The smaller root stays one, so that a group is known by its first event. */
function unite(parents: number[], left: number, right: number): void {
  const a = rootOf(parents, left);
  const b = rootOf(parents, right);
  parents[Math.max(a, b)] = Math.min(a, b);
}
