/**
 * Makes a cluster in network namespaces as whoever runs it, cuts a node from two others, and prints
 * what they hear of each other: before, meanwhile and after, as JSON.
 */
import { RespConnection } from '../../clients/resp-connection.ts';
import type { LinkRule } from '../../cluster.ts';
import { pingSourceRoot, pingSystem } from '../ping-system.ts';
import { createProcessCluster } from '../process.ts';

const nodes = ['n1', 'n2', 'n3'];
const links = nodes.flatMap((from) => nodes.filter((to) => to !== from).map((to) => [from, to]));
const cluster = await createProcessCluster({
  ...{ system: pingSystem, nodes, sourceRoot: pingSourceRoot },
  ...{ network: 'namespaces', prepare: new Set(['delay'] as const) },
});

async function heard(from: string, to: string): Promise<number> {
  const connection = new RespConnection(await cluster.connect(to));
  return new Promise((resolve) => {
    connection.call(['HEARD', from], (reply) => {
      connection.close();
      resolve(reply.type === 'integer' ? reply.value : Number.NaN);
    });
  });
}

/** Names of the links that carried something until `n2>n3` had carried 30 messages. */
async function lively(): Promise<readonly string[]> {
  const counts = (): Promise<readonly number[]> =>
    Promise.all(links.map(([from = '', to = '']) => heard(from, to)));
  const before = await counts();
  const first = await heard('n2', 'n3');
  while ((await heard('n2', 'n3')) < first + 30);
  const after = await counts();
  const moved = links.filter((_, at) => (after[at] ?? 0) > (before[at] ?? 0));
  return moved.map((link) => link.join('>'));
}

async function settled(wanted: number): Promise<readonly string[]> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const now = await lively();
    if (now.length === wanted) return now;
  }
  return lively();
}

try {
  const before = await settled(6);
  const cut: readonly LinkRule[] = ['n2', 'n3'].flatMap((other) => [
    { from: 'n1', to: other, mode: { type: 'drop' } as const },
    { from: other, to: 'n1', mode: { type: 'drop' } as const },
  ]);
  await cluster.network.set(cut);
  const meanwhile = await settled(2);
  const { rules, met } = await cluster.network.read();
  await cluster.network.set([]);
  const after = await settled(6);
  const told = { user: process.geteuid?.(), description: cluster.describe() };
  const read = { rules: rules.length, dropped: met.drop };
  process.stdout.write(`${JSON.stringify({ ...told, before, meanwhile, after, ...read })}\n`);
} finally {
  await cluster.tearDown();
}
