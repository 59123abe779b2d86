/** Finds the workload that a person named. */
import { workloads } from '../../workloads/index.ts';
import type { Workload } from '../workload.ts';

/** A name of the registry, or the path of a module. Rejects with what to write instead. */
export async function findWorkload(nameOrPath: string): Promise<Workload> {
  const found = workloads.find(({ name }) => name === nameOrPath);
  if (found !== undefined) return found;
  const names = workloads.map(({ name }) => name).join(', ');
  throw new RangeError(
    `takes ${names}, or the path of a file such as ./mine.ts; not ${nameOrPath}`,
  );
}
