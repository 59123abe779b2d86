/**
 * What a script says of where a fault is to be, narrowed: words, nodes and links.
 *
 * Throws FaultError, which names the parameter and what it takes.
 */
import type { Link } from '../cluster.ts';
import { FaultError, type FaultParameters, type PlanContext } from '../nemesis.ts';

/** null when it is not given. */
export function wordParameter<T extends string>(
  parameters: FaultParameters,
  name: string,
  words: readonly T[],
): T | null {
  const given = parameters[name];
  if (given === undefined) return null;
  const word = words.find((each) => each === given);
  if (word !== undefined) return word;
  throw new FaultError(`${name}: takes one of ${words.join(', ')}; not ${String(given)}`);
}

type Named = Pick<PlanContext, 'parameters' | 'nodes'>;

/** In the order of the nodes; null when it is not given. They may be down or held. */
export function nodesParameter({ parameters, nodes }: Named): readonly string[] | null {
  const given = parameters['nodes'];
  return given === undefined ? null : narrowNodes('nodes', given, nodes);
}

/** `[[n1], [n2, n3]]`; null when it is not given. Two groups or more, and no node in two. */
export function groupsParameter({
  parameters,
  nodes,
}: Named): readonly (readonly string[])[] | null {
  const given = parameters['groups'];
  if (given === undefined) return null;
  if (!Array.isArray(given) || given.length < 2) {
    throw new FaultError('groups: takes lists of nodes, two or more: [[n1], [n2, n3]]');
  }
  const groups = given.map((group: unknown) => narrowNodes('groups', group, nodes));
  const all = groups.flat();
  const twice = all.find((node, at) => all.indexOf(node) !== at);
  if (twice !== undefined) throw new FaultError(`groups: ${twice} is in two of them`);
  return groups;
}

/** `[n1>n2]`; null when it is not given. */
export function linksParameter({ parameters, nodes }: Named): readonly Link[] | null {
  const given = parameters['links'];
  if (given === undefined) return null;
  const words: readonly unknown[] = Array.isArray(given) ? given : [given];
  if (words.length === 0) throw new FaultError('links: takes some, as n1>n2');
  return words.map((word) => {
    const [from = '', to = '', ...rest] = String(word).split('>');
    const isLink = nodes.includes(from) && nodes.includes(to) && from !== to && rest.length === 0;
    if (isLink) return { from, to };
    throw new FaultError(
      `links: takes n1>n2, with nodes of ${nodes.join(', ')}; not ${String(word)}`,
    );
  });
}

function narrowNodes(name: string, given: unknown, nodes: readonly string[]): readonly string[] {
  const names: readonly unknown[] = Array.isArray(given) ? given : [given];
  const stranger = names.find((each) => !nodes.some((node) => node === each));
  if (stranger === undefined && names.length > 0) {
    return nodes.filter((node) => names.includes(node));
  }
  const shown = names.length === 0 ? 'none' : String(stranger);
  throw new FaultError(`${name}: takes some of ${nodes.join(', ')}; not ${shown}`);
}
