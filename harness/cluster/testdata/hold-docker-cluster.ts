/**
 * A harness for tests that kill it: it makes a docker cluster, cuts a link, and waits for its end.
 *
 * `hold-docker-cluster.ts <run id>`; each stage that it has reached is a line on stdout.
 */

import { createDockerCluster } from '../docker.ts';
import { pingSourceRoot, pingSystem } from '../ping-system.ts';

const cluster = await createDockerCluster({
  system: pingSystem,
  nodes: ['n1', 'n2'],
  runId: process.argv[2] ?? 'hold',
  images: 'auto',
  sourceRoot: pingSourceRoot,
  onProgress: (line) => process.stdout.write(`${line}\n`),
});
await cluster.network.set([{ from: 'n1', to: 'n2', mode: { type: 'drop' } }]);
process.stdout.write('holding\n');
