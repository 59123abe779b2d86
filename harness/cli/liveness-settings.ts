/** The liveness phase of a run: only where time is virtual, with the bounds of its world. */
import { SimulatedCluster } from '../cluster/simulated.ts';
import type { Cluster } from '../cluster.ts';
import type { LivenessSettings } from '../run/liveness.ts';
import { electionTimeoutMsOf, restlessnessOf } from '../simulation/world.ts';
import type { TestSettings } from './settings.ts';

/** Nothing for a cluster of real machines. */
export function livenessOf(
  { world }: Pick<TestSettings, 'world'>,
  cluster: Cluster,
): { readonly liveness?: LivenessSettings } {
  if (!(cluster instanceof SimulatedCluster)) return {};
  const { snapshot, trailing } = world;
  const isKnown = snapshot !== undefined && trailing !== undefined;
  return {
    liveness: {
      electionTimeoutMs: electionTimeoutMsOf(world),
      isQuiet: restlessnessOf(world) === null,
      logEntries: isKnown ? snapshot + trailing : null,
      segmentKiB: world.segment ?? null,
      filesOf: (node) => cluster.disk(node).sizes,
    },
  };
}
