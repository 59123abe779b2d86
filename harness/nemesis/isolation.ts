/** One node cut off from every other, spares included; clients reach it. */
import type { Cluster, LinkMode, LinkRule } from '../cluster.ts';

export function isolationOf(
  { nodes, spares }: Pick<Cluster, 'nodes' | 'spares'>,
  node: string,
  type: Extract<LinkMode['type'], 'drop' | 'reset'> = 'drop',
): readonly LinkRule[] {
  const others = [...nodes, ...spares].filter((other) => other !== node);
  const links = [
    ...others.map((other) => ({ from: node, to: other })),
    ...others.map((other) => ({ from: other, to: node })),
  ];
  return links.map((link) => ({ ...link, mode: { type } }));
}
