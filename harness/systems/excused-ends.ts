/**
 * Which ends of a node a fault excuses: those whose reason is the fault's, as the system words it.
 *
 * A disk that fails may end a server; a crash of its own meanwhile is a crash of its own.
 */
import type { Excuse } from '../cluster.ts';
import type { EndCause, System } from './system.ts';

/** Null where the system does not say: then nobody can tell one end from another. */
export function excuseOf(
  { name, excusedEnds }: Pick<System, 'name' | 'excusedEnds'>,
  cause: EndCause,
): Excuse | null {
  if (excusedEnds === undefined) return null;
  const patterns = excusedEnds[cause].map((source) => {
    try {
      return new RegExp(source);
    } catch (error) {
      const what = `${source}, of the ends that ${name} may come to`;
      throw new RangeError(`${what}, is not a regular expression`, { cause: error });
    }
  });
  return (words) => patterns.some((pattern) => pattern.test(words));
}
