/**
 * Which nodes must serve while some are down and some links are cut.
 *
 * Nobody may ask it of a node that a cluster of the same promises could not serve through. So it is
 * asked of a group that can agree on everything by itself and that nobody else can disturb.
 */
import type { Impairment } from '../checker.ts';

/**
 * The nodes of the group that is a majority of all, runs, is connected both ways inside, and is not
 * reached by a running node outside of it; empty when there is no such group. There is one at most:
 * two majorities share a node, and whoever reaches that node is in both.
 *
 * Nobody must serve while one of the group is hampered: it may lead.
 *
 * A link that is cut one way only makes a difference: whoever is heard belongs to the group, and
 * must hear it. In a ring of majorities each node hears a majority, but no majority hears itself.
 */
export function servingGroup(
  nodes: readonly string[],
  impairments: readonly Impairment[],
): ReadonlySet<string> {
  const down = new Set(impairments.flatMap((impairment) => impairment.down));
  const hampered = new Set(impairments.flatMap((impairment) => impairment.hampered ?? []));
  const cut = new Set(impairments.flatMap((each) => each.cut.map((link) => nameOf(link))));
  const live = nodes.filter((node) => !down.has(node));
  const heardBy = (node: string): readonly string[] =>
    live.filter((other) => other === node || !cut.has(nameOf({ from: other, to: node })));
  for (const node of live) {
    const group = heardBy(node);
    if (group.length <= nodes.length / 2) continue;
    const isClosed = group.every((member) => haveSameMembers(heardBy(member), group));
    if (isClosed) return new Set(group.some((member) => hampered.has(member)) ? [] : group);
  }
  return new Set();
}

function nameOf({ from, to }: { readonly from: string; readonly to: string }): string {
  return `${from}>${to}`;
}

/** Both are in the order of the nodes. */
function haveSameMembers(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((node, position) => node === b[position]);
}
