/**
 * A harness for tests that kill it in the middle of faults: a cluster, and every kind of fault that
 * it can do in force at once.
 *
 * `hold-faults.ts docker|namespaces|proxies <run id>`; each stage that it has reached is a line.
 */
import {
  abilities,
  type Cluster,
  clientsEnd,
  type LinkMode,
  type LinkRule,
} from '../../cluster.ts';
import { pingSourceRoot, pingSystem } from '../ping-system.ts';

const [kind = '', runId = 'hold'] = process.argv.slice(2);
const shared = {
  ...{ system: pingSystem, nodes: ['n1', 'n2', 'n3'], sourceRoot: pingSourceRoot },
  ...{ prepare: new Set(abilities), spares: ['n4'] },
};

async function create(): Promise<Cluster> {
  if (kind === 'docker') {
    const { createDockerCluster } = await import('../docker.ts');
    const onProgress = (line: string): boolean => process.stdout.write(`${line}\n`);
    return createDockerCluster({ ...shared, runId, images: 'auto', onProgress });
  }
  const { createProcessCluster } = await import('../process.ts');
  return createProcessCluster({
    ...shared,
    network: kind === 'namespaces' ? 'namespaces' : 'proxies',
  });
}

const modes: readonly (readonly [string, string, LinkMode])[] = [
  ['n1', 'n2', { type: 'drop' }],
  ['n2', 'n1', { type: 'oneway' }],
  ['n1', 'n3', { type: 'delay', ms: 20, jitterMs: 5 }],
  ['n3', 'n1', { type: 'loss', percent: 10 }],
  ['n2', 'n3', { type: 'hold' }],
  ['n3', 'n2', { type: 'rate', kilobitsPerS: 1000 }],
  [clientsEnd, 'n3', { type: 'drop' }],
];

const cluster = await create();
const can = cluster.capabilities();
const rules: readonly LinkRule[] = modes
  .filter(([from, , { type }]) => can[from === clientsEnd ? 'client-cut' : type].available)
  .map(([from, to, mode]) => ({ from, to, mode }));
await cluster.network.set(rules);
if (can['power-loss'].available) {
  await cluster.disks.powerLoss(['n3']);
  await cluster.start('n4');
}
if (can['disk-full'].available) await cluster.disks.fill('n1');
if (can['disk-slow'].available) await cluster.disks.slow('n2', 10);
await cluster.pause('n2');
process.stdout.write('holding\n');
