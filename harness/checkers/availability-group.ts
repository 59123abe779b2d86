/**
 * Which nodes must serve while some are down and some links are cut.
 *
 * Nobody may ask it of a node that a cluster of the same promises could not serve through. So it is
 * asked of a group that can agree on everything by itself and that nobody else can disturb.
 */
import type { Impairment } from '../checker.ts';

/**
 * The nodes of the group that is a majority of all, runs, is connected both ways inside, and is not
 * reached by a running node outside of it that hears a majority; empty when there is no such group.
 * There is one at most: two majorities share a node, and whoever is connected to it is in both.
 *
 * Nobody must serve while one of the group is hampered: it may lead.
 *
 * A link that is cut one way only makes a difference. Who is heard and hears no majority can win no
 * pre-vote, and is not to disturb those who hear each other. [Ongaro §9.6] In a ring of majorities
 * each node hears a majority, but no majority hears itself.
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
  const isMajority = (group: readonly string[]): boolean => group.length > nodes.length / 2;
  const able = live.filter((node) => isMajority(heardBy(node)));
  const heardOfAble = (node: string): readonly string[] =>
    heardBy(node).filter((other) => able.includes(other));
  for (const node of able) {
    const group = heardOfAble(node);
    if (!isMajority(group)) continue;
    const isClosed = group.every((member) => haveSameMembers(heardOfAble(member), group));
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
