/**
 * A harness for tests that kill it: it makes a docker cluster with disks, and harms them.
 *
 * `hold-docker-disks.ts <run id>`; each stage that it has reached is a line on stdout.
 */
import { createDockerCluster } from '../docker.ts';
import { pingSourceRoot, pingSystem } from '../ping-system.ts';

const cluster = await createDockerCluster({
  system: pingSystem,
  nodes: ['n1', 'n2'],
  runId: process.argv[2] ?? 'hold',
  images: 'auto',
  sourceRoot: pingSourceRoot,
  prepare: new Set(['power-loss', 'disk-full', 'disk-slow']),
  onProgress: (line) => process.stdout.write(`${line}\n`),
});
const capability = cluster.capabilities()['power-loss'];
if (!capability.available) throw new Error(capability.why);
await cluster.disks.fill('n1');
await cluster.disks.slow('n1', 10);
process.stdout.write('full\n');
const loss = cluster.disks.powerLoss(['n1', 'n2']);
while ((await cluster.nodeState('n2')) === 'running');
process.stdout.write('dark\n');
await loss;
process.stdin.resume();
