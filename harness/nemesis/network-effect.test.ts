import { expect, it } from 'vitest';
import type { FaultPlan, FaultReading } from '../nemesis.ts';
import { createMemoryRig } from './memory-rig.ts';
import { partition } from './partition.ts';

const link = { parameters: { links: ['n1>n2'] } };
const unmet = { tookEffect: false, noEffect: 'nothing ran into it' };

function rig() {
  const { cluster, nemesis, plan } = createMemoryRig(partition);
  const begin = async (over: typeof link | typeof around): Promise<FaultPlan> => {
    const fault = plan('one', over);
    await nemesis.begin(fault);
    return fault;
  };
  return { ...{ cluster, network: cluster.network, begin }, end: nemesis.end.bind(nemesis) };
}

/** One side of a partition that n1 and n2 are on no side of. */
const around = { parameters: { groups: [['n4'], ['n3', 'n5']] } };

it('a rule that two faults ask for is shared, and what ran into it', async () => {
  const { network, begin, end } = rig();
  const first = await begin(link);
  network.carry('n1', 'n2', 3);
  const second = await begin(link);
  network.carry('n1', 'n2', 2);
  expect(await end(second)).toMatchObject({ tookEffect: true, evidence: { met: { drop: 2 } } });
  expect(await end(first)).toMatchObject({ tookEffect: true, evidence: { met: { drop: 5 } } });
});

it('a partition around dead nodes has no effect, alone or beside another', async () => {
  const { cluster, network, begin, end } = rig();
  await cluster.kill('n4');
  const alone = await begin(around);
  network.carry('n5', 'n4', 9);
  expect(await end(alone)).toMatchObject(unmet);
  const other = await begin(link);
  const beside = await begin(around);
  // Others try to reach it all the time.
  network.carry('n5', 'n4', 9);
  network.carry('n1', 'n2');
  const evidence = { met: { drop: 0 }, wasStillThere: true, didNotLive: ['n4'] };
  expect(await end(beside)).toMatchObject({ ...unmet, evidence });
  expect(await end(other)).toMatchObject({ tookEffect: true, evidence: { met: { drop: 1 } } });
});

it('a partition around nodes that lived for a part of it counts', async () => {
  const { cluster, network, begin, end } = rig();
  const cut = async (meanwhile: () => Promise<void>): Promise<FaultReading> => {
    const fault = await begin(around);
    network.carry('n5', 'n4', 9);
    await meanwhile();
    return end(fault);
  };
  const died = await cut(() => cluster.kill('n4'));
  expect(died).toMatchObject({ tookEffect: true, evidence: { met: { drop: 9 } } });
  expect(died.evidence).not.toHaveProperty('didNotLive');
  const lived = await cut(async () => {
    await cluster.start('n4');
    await cluster.kill('n4');
  });
  expect(lived).toMatchObject({ tookEffect: true, evidence: { met: { drop: 9 } } });
  await cluster.start('n4');
  await cluster.pause('n4');
  expect(await cut(async () => {})).toMatchObject({ tookEffect: true });
});

it('a node that nobody can ask counts as one that lives', async () => {
  const { cluster, network, begin, end } = rig();
  cluster.nodeState = () => Promise.reject(new Error('no answer'));
  const fault = await begin(around);
  network.carry('n5', 'n4');
  expect((await end(fault)).tookEffect).toBe(true);
});
