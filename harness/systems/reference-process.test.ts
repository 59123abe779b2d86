import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeClientConformance } from '../clients/client-conformance.ts';
import { createProcessCluster } from '../cluster/process.ts';
import { awaitServingLeader } from '../cluster/serving-leader.ts';
import type { Cluster } from '../cluster.ts';
import { createRealTimers } from '../run/real-timers.ts';
import { reference } from './reference.ts';

const sourceRoot = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
const timers = createRealTimers();
let created: Cluster | undefined;

function cluster(): Cluster {
  if (created === undefined) throw new Error('the cluster was not created');
  return created;
}

beforeAll(async () => {
  const nodes = ['n1', 'n2', 'n3'];
  created = await createProcessCluster({
    ...{ system: reference, nodes, sourceRoot },
    // Whose ports are found at 127.0.0.1.
    network: 'proxies',
  });
}, 60_000);

afterAll(async () => {
  await created?.tearDown();
}, 60_000);

/** The rest is the same code, and is tested in the simulation. */
const some = ['set', 'lock', 'session-list'];

describeClientConformance('the reference server, as processes', {
  system: {
    ...reference,
    objects: Object.fromEntries(
      Object.entries(reference.objects).filter(([object]) => some.includes(object)),
    ),
  },
  run: async (story) => {
    const nodes = cluster().nodes.map((node) => {
      return { node, port: Number(cluster().clientAddress(node).split(':')[1]) };
    });
    expect(await awaitServingLeader(nodes, async () => null)).toHaveProperty('leader');
    await story({ cluster: cluster(), timers });
  },
});

test('what the nodes logged meanwhile, killed, paused and stopped, matches no crash', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rafture-reference-'));
  try {
    for (const node of cluster().nodes) await cluster().stop(node);
    await cluster().collectLogs(folder);
    for (const node of cluster().nodes) {
      const log = readFileSync(join(folder, node, 'server.log'), 'utf8');
      expect(log).toContain('"msg":"stopped"');
      for (const pattern of reference.crashPatterns) {
        expect(log.split('\n').filter((line) => new RegExp(pattern).test(line))).toEqual([]);
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 60_000);
