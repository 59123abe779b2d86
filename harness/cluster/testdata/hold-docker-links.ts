/**
 * A harness for tests that kill it: it makes a docker cluster, puts a rule of every mode in force,
 * and waits for its end.
 *
 * `hold-docker-links.ts <run id>`; `holding` on stdout when it has come so far.
 */
import { clientsEnd } from '../../cluster.ts';
import { createDockerCluster } from '../docker.ts';
import { pingSourceRoot, pingSystem } from '../ping-system.ts';

const cluster = await createDockerCluster({
  system: pingSystem,
  nodes: ['n1', 'n2', 'n3'],
  runId: process.argv[2] ?? 'hold',
  images: 'auto',
  sourceRoot: pingSourceRoot,
  prepare: new Set(['delay', 'rate', 'hold']),
});
await cluster.network.set([
  { from: 'n1', to: 'n2', mode: { type: 'hold' } },
  { from: 'n2', to: 'n1', mode: { type: 'delay', ms: 50, jitterMs: 10 } },
  { from: 'n1', to: 'n3', mode: { type: 'rate', kilobitsPerS: 100 } },
  { from: 'n3', to: 'n1', mode: { type: 'loss', percent: 30 } },
  { from: 'n2', to: 'n3', mode: { type: 'drop' } },
  { from: 'n3', to: 'n2', mode: { type: 'oneway' } },
  { from: clientsEnd, to: 'n1', mode: { type: 'reset' } },
]);
process.stdout.write('holding\n');
