/** One node cut off from every other, spares included; clients reach it. */
import type { Cluster, LinkRule } from '../cluster.ts';
import { dropRules } from './desired-network.ts';

export function isolationOf(
  { nodes, spares }: Pick<Cluster, 'nodes' | 'spares'>,
  node: string,
): readonly LinkRule[] {
  const others = [...nodes, ...spares].filter((other) => other !== node);
  return dropRules([
    ...others.map((other) => ({ from: node, to: other })),
    ...others.map((other) => ({ from: other, to: node })),
  ]);
}
