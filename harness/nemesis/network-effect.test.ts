import { expect, it } from 'vitest';
import type { FaultPlan, FaultReading } from '../nemesis.ts';
import { createRandomStream } from '../run/random.ts';
import { delay } from './delay.ts';
import { createMemoryRig } from './memory-rig.ts';
import { partition } from './partition.ts';
import type { NemesisTools } from './tools.ts';

const link = { parameters: { links: ['n1>n2'] } };
const unmet = { tookEffect: false, noEffect: 'nothing ran into it' };

function rig() {
  const { cluster, nemesis, plan, tools } = createMemoryRig(partition);
  const begin = async (over: typeof link | typeof around): Promise<FaultPlan> => {
    const fault = plan('one', over);
    await nemesis.begin(fault);
    return fault;
  };
  const end = (fault: FaultPlan): Promise<FaultReading> => nemesis.end(fault);
  return { cluster, network: cluster.network, begin, end, tools };
}

/** A delay on n1>n2. */
function linkFaultOf(tools: NemesisTools) {
  const nemesis = delay.create(tools);
  const random = createRandomStream(1, 'nemesis');
  const nodes = ['n1', 'n2'];
  const context = { ...{ nodes, free: nodes, leader: null, random }, ...link };
  const fault = nemesis.plan('all', context);
  if ('skip' in fault) throw new Error(fault.skip);
  return { begin: () => nemesis.begin(fault), end: () => nemesis.end(fault) };
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
  // Others try to reach it all the time, and its machine may refuse them.
  network.carry('n5', 'n4', 9);
  network.carry('n4', 'n5', 9);
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

it('what ran into a rule of another type on the same link does not count', async () => {
  const { network, begin, end, tools } = rig();
  const slow = linkFaultOf(tools);
  await slow.begin();
  network.carry('n1', 'n2', 4);
  await slow.end();
  const cut = await begin(link);
  network.carry('n1', 'n2', 2);
  expect(await end(cut)).toMatchObject({ tookEffect: true, evidence: { met: { drop: 2 } } });
  const idle = await begin(link);
  await slow.begin();
  network.rules = network.rules.filter(({ mode }) => mode.type === 'delay');
  network.carry('n1', 'n2', 4);
  await slow.end();
  expect(await end(idle)).toMatchObject({ evidence: { met: { drop: 0 } } });
  network.rules = [
    { from: 'n1', to: 'n3', mode: { type: 'drop' } },
    { from: 'n2', to: 'n3', mode: { type: 'drop' } },
  ];
  network.carry('n1', 'n3', 5);
  network.carry('n2', 'n3', 6);
  expect((await network.read()).met).toEqual({ delay: 8, drop: 13 });
});

it('a node that nobody can ask counts as one that lives', async () => {
  const { cluster, network, begin, end } = rig();
  cluster.nodeState = () => Promise.reject(new Error('no answer'));
  const fault = await begin(around);
  network.carry('n5', 'n4');
  expect((await end(fault)).tookEffect).toBe(true);
});
