import { expect, test } from 'vitest';
import { corruption } from './corruption.ts';
import { logFile } from './memory-cluster.ts';
import { createMemoryRig, type MemoryRig, type MemoryRigOptions } from './memory-rig.ts';
import { expectWhole } from './memory-whole.ts';

const refusing = { refusesDamagedFiles: true };
const seeds = Array.from({ length: 20 }, (_, seed) => seed);

/** Each node has a log that is long enough, and a small file beside it. */
function createRig(options: MemoryRigOptions): MemoryRig {
  const rig = createMemoryRig(corruption, options);
  for (const name of rig.cluster.nodes) {
    const { files } = rig.cluster.node(name);
    files.set(logFile, new Uint8Array(2000).fill(1));
    files.set('lock', new Uint8Array(511).fill(1));
  }
  return rig;
}

const cuts = ({ cluster }: MemoryRig): readonly string[] =>
  cluster.calls.filter((call) => call.startsWith('set'));

test('a bit changes in the older half of a file that is long enough', async () => {
  for (const seed of seeds) {
    const rig = createRig({ seed, system: refusing });
    const node = rig.cluster.nodes[0] ?? '';
    const files = await rig.cluster.disks.list(node);
    const { begin } = await rig.inject('one', { parameters: { nodes: [node] } });
    const { damage } = begin.evidence as { damage: { path: string; offset: number } };
    const harmed = files.find(({ path }) => path === damage.path);
    const content = harmed?.contentBytes ?? harmed?.bytes ?? 0;
    expect(content).toBeGreaterThanOrEqual(512);
    expect(damage.offset).toBeLessThan(content / 2);
    expect(damage).toMatchObject({ type: 'flip', isTellable: true });
  }
});

test('a server that starts on it stays among its peers, and its files stay', async () => {
  const rig = createRig({ system: refusing });
  // The server in memory looks at its log alone.
  const { begin, plan } = await rig.inject('leader', { parameters: { file: 'lock' } });
  expect(begin).toMatchObject({ tookEffect: true, evidence: { started: true } });
  expect(plan.impairs.harmed).toBeUndefined();
  expect(cuts(rig)).toEqual([]);
  expect(rig.cluster.calls.join()).not.toContain('repair');
});

test('a server that refuses it may end, and gets its files back', async () => {
  const rig = createRig({ system: refusing });
  const planned = rig.plan('follower');
  const [node = ''] = planned.nodes;
  const begun = await rig.nemesis.begin(planned);
  expect(rig.cluster.node(node).mayEnd).toBe(1);
  expect(begun).toMatchObject({ tookEffect: true, evidence: { started: false } });
  await rig.nemesis.end(planned);
  expect(rig.cluster.calls).toContain(`repair ${node}`);
  expectWhole(rig);
});

test('where a system does not say that it refuses damage, the node is cut off', async () => {
  const rig = createRig({ system: { refusesDamagedFiles: false } });
  const { begin, plan } = await rig.inject('one');
  expect(plan.impairs.harmed).toEqual(plan.nodes);
  expect(begin.evidence).toMatchObject({ damage: { isTellable: false } });
  expect(cuts(rig)[0]).toBe('set 8 rules');
  expectWhole(rig);
});

test('without a file that is long enough it cannot be done', async () => {
  const rig = createMemoryRig(corruption, { system: refusing });
  rig.cluster.disks.list = async () => [{ path: 'small', bytes: 511, age: 0 }];
  await expect(rig.inject('one')).rejects.toThrow('no file has 512 bytes');
});
