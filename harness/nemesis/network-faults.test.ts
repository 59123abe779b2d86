import { describe, expect, it } from 'vitest';
import type { FaultPlan, FaultReading, Nemesis, PlanContext, Skip } from '../nemesis.ts';
import { createRandomStream } from '../run/random.ts';
import { clientCut } from './client-cut.ts';
import { delay } from './delay.ts';
import { hold } from './hold.ts';
import { loss } from './loss.ts';
import type { MemoryNetwork } from './memory-network.ts';
import { createMemoryRig } from './memory-rig.ts';
import { partition } from './partition.ts';
import { rate } from './rate.ts';
import { reset } from './reset.ts';
import type { FamilyModule } from './tools.ts';

const nodes = ['n1', 'n2', 'n3', 'n4', 'n5'];

function contextOf(over: Partial<PlanContext> = {}): PlanContext {
  const random = createRandomStream(1, 'nemesis');
  return { ...{ nodes, free: nodes, leader: 'n3', random, parameters: {} }, ...over };
}

/** The network of a cluster in memory, and a family at work on it. */
interface Made {
  readonly network: MemoryNetwork;
  readonly failing: Map<string, string>;
  at(module: FamilyModule): Nemesis;
}

function make(): Made {
  const { cluster, tools } = createMemoryRig(partition);
  const { network, failing } = cluster;
  return { network, failing, at: (module) => module.create(tools) };
}

function planned(nemesis: Nemesis, variant: string, over: Partial<PlanContext> = {}): FaultPlan {
  const plan = nemesis.plan(variant, contextOf(over));
  if ('skip' in plan) throw new Error(plan.skip);
  return plan;
}

function plan(module: FamilyModule, variant: string, over: Partial<PlanContext> = {}): FaultPlan {
  return planned(make().at(module), variant, over);
}

/** What a plan puts in force, in words. */
async function rulesOf(
  module: FamilyModule,
  variant: string,
  parameters: PlanContext['parameters'] = {},
): Promise<readonly unknown[]> {
  const nemesis = make().at(module);
  const { evidence } = await nemesis.begin(planned(nemesis, variant, { parameters }));
  return evidence['readBack'] as readonly unknown[];
}

describe('a fault of the network', () => {
  const parameters = { links: ['n1>n2'] };
  const begun = async (made = make(), module = partition) => {
    const nemesis = made.at(module);
    const fault = planned(nemesis, module === partition ? 'one' : 'all', { parameters });
    const reading = await nemesis.begin(fault);
    return { made, nemesis, reading, end: (): Promise<FaultReading> => nemesis.end(fault) };
  };

  it('took effect when it was in force to its end and something ran into it', async () => {
    const { made, reading, end } = await begun();
    expect(reading).toEqual({
      tookEffect: true,
      evidence: {
        ...{ readBack: ['n1>n2 drop'], isInForce: true, metBefore: { drop: 0 } },
      },
    });
    made.network.carry('n1', 'n2', 3);
    made.network.carry('n2', 'n1', 50);
    const evidence = { met: { drop: 3 }, wasStillThere: true, isHealed: true, readBack: [] };
    expect(await end()).toEqual({ tookEffect: true, evidence });
    expect(made.network.rules).toEqual([]);
  });

  it('has had no effect when nothing ran into it, though it was there', async () => {
    const { end } = await begun();
    expect(await end()).toMatchObject({ tookEffect: false, evidence: { wasStillThere: true } });
  });

  it('does not count what others had met before it', async () => {
    const made = make();
    const first = await begun(made);
    made.network.carry('n1', 'n2', 7);
    await first.end();
    const second = await begun(made);
    expect(await second.end()).toMatchObject({ tookEffect: false, evidence: { met: { drop: 0 } } });
  });

  it('has had no effect when something else was read back, at first or in the end', async () => {
    const lying = make();
    lying.network.lie = [];
    const { reading, end } = await begun(lying);
    expect(reading).toMatchObject({ tookEffect: false, evidence: { isInForce: false } });
    lying.network.lie = null;
    lying.network.carry('n1', 'n2');
    expect((await end()).tookEffect).toBe(false);
    const losing = await begun();
    losing.made.network.carry('n1', 'n2');
    losing.made.network.rules = [];
    const ended = await losing.end();
    expect(ended).toMatchObject({ tookEffect: false, evidence: { wasStillThere: false } });
  });

  it('has failed when it is still there after its end, and is undone by the teardown', async () => {
    const { made, nemesis, end } = await begun();
    made.network.lie = made.network.rules;
    await expect(end()).rejects.toThrow('it was not healed: read back was n1>n2 drop');
    made.network.lie = null;
    made.failing.set('set 0 rules', 'no');
    await expect(end()).rejects.toThrow('no');
    expect(made.network.rules).toEqual([]);
    await nemesis.teardown();
    expect(made.network.rules).toEqual([]);
  });

  it('is undone by the teardown when nobody has ended it', async () => {
    const { made, nemesis } = await begun();
    expect(made.network.rules).toHaveLength(1);
    await nemesis.teardown();
    expect(made.network.rules).toEqual([]);
  });

  it('leaves the rules of others alone, and does not count what ran into those', async () => {
    const made = make();
    const cut = await begun(made);
    const other = made.at(partition);
    const fault = planned(other, 'one', { parameters: { links: ['n4>n5'] } });
    const slow = made.at(delay);
    const slowness = planned(slow, 'all', { parameters: { ...parameters, ms: 5 } });
    await slow.begin(slowness);
    await other.begin(fault);
    made.network.carry('n1', 'n2', 2);
    expect(await cut.end()).toMatchObject({ tookEffect: true, evidence: { met: { drop: 2 } } });
    expect(made.network.rules.map(({ mode }) => mode.type).sort()).toEqual(['delay', 'drop']);
    expect(await slow.end(slowness)).toMatchObject({ evidence: { met: { delay: 2 } } });
    expect(await other.end(fault)).toMatchObject({
      ...{ tookEffect: false, noEffect: 'nothing ran into it', evidence: { met: { drop: 0 } } },
    });
  });

  it('is refused where another wants the same link otherwise; both end well', async () => {
    const made = make();
    const nemesis = made.at(delay);
    const slow = (ms: number): FaultPlan =>
      planned(nemesis, 'all', { parameters: { ...parameters, ms } });
    const [first, second] = [slow(10), slow(20)];
    await nemesis.begin(first);
    await expect(nemesis.begin(second)).rejects.toThrow('two faults differ: n1>n2 delay 10ms');
    expect((await nemesis.end(second)).tookEffect).toBe(false);
    made.network.carry('n1', 'n2');
    expect((await nemesis.end(first)).tookEffect).toBe(true);
    expect(made.network.rules).toEqual([]);
  });
});

describe('partitions', () => {
  it('of groups and of links take the place of a shape, under a name of their own', async () => {
    const groups = { groups: [['n1'], ['n2', 'n3']] };
    expect(plan(partition, 'bridge', { parameters: groups })).toMatchObject({
      ...{ variant: 'grudge', description: 'grudge: n1 | n2 n3', nodes: ['n1', 'n2', 'n3'] },
      ...{ claims: [], value: { shape: 'grudge' } },
    });
    expect(await rulesOf(partition, 'one', groups)).toHaveLength(4);
    const links = { links: ['n1>n2', 'n3>n1'], mode: 'oneway' };
    expect(await rulesOf(partition, 'one', links)).toEqual(['n1>n2 oneway', 'n3>n1 oneway']);
  });

  it('let acknowledgements pass where they say so', async () => {
    const from = { nodes: ['n2'], direction: 'out' };
    const links = ['n2>n1', 'n2>n3', 'n2>n4', 'n2>n5'];
    expect(await rulesOf(partition, 'oneway', from)).toEqual(links.map((at) => `${at} oneway`));
    expect(await rulesOf(partition, 'oneway-raw', from)).toEqual(links.map((at) => `${at} drop`));
  });

  it('impair the links that they cut, in the direction in which they do', () => {
    const parameters = { nodes: ['n2'], direction: 'in' };
    const { impairs } = plan(partition, 'oneway', { parameters });
    const cut = ['n1', 'n3', 'n4', 'n5'].map((from) => ({ from, to: 'n2' }));
    expect(impairs).toEqual({ cut, down: [] });
  });

  it('are refused when a script says what cannot be', () => {
    const refused = (parameters: PlanContext['parameters'], words: string): void => {
      expect(() => plan(partition, 'one', { parameters })).toThrow(words);
    };
    refused({ groups: [['n1'], ['n9']] }, 'groups: takes some of n1, n2, n3, n4, n5; not n9');
    refused({ groups: [['n1']] }, 'two or more');
    refused({ groups: [['n1'], ['n1', 'n2']] }, 'groups: n1 is in two of them');
    refused({ links: ['n1>n1'] }, 'links: takes n1>n2');
    refused({ links: ['n1'] }, 'links: takes n1>n2');
    refused({ links: ['n1>n2>n3'] }, 'links: takes n1>n2');
    refused({ links: [] }, 'links: takes some');
    refused({ nodes: [] }, 'nodes: takes some');
    refused({ links: ['n1>n2'], mode: 'hold' }, 'mode: takes one of drop, oneway; not hold');
    expect(() => plan(partition, 'circle')).toThrow('there is no partition circle');
  });

  it('are skipped where nothing is left to cut', () => {
    const nemesis = make().at(partition);
    const two = contextOf({ nodes: ['n1', 'n2'], leader: null });
    expect(nemesis.plan('majorities-ring', two)).toEqual({
      skip: expect.stringContaining('no such link among n1 n2') as string,
    });
  });

  it('take the leader twice as often as any other shape', () => {
    const turns = partition.family.variants.map(({ name, turns = 1 }) => [name, turns]);
    expect(turns.filter(([, count]) => count !== 1)).toEqual([['leader', 2]]);
  });
});

describe('faults of links', () => {
  it('have a link of the leader among theirs, which is never silent', () => {
    for (const [module, variant] of [
      [hold, 'pair'],
      [loss, 'few'],
    ] as const) {
      for (let seed = 0; seed < 20; seed++) {
        const random = createRandomStream(seed, 'nemesis');
        const { nodes } = plan(module, variant, { leader: 'n4', random });
        expect(nodes).toContain('n4');
      }
    }
  });

  it('are on a pair, on some, on all of one node or of the leader, or everywhere', async () => {
    expect(await rulesOf(hold, 'pair', { nodes: ['n2', 'n4'] })).toEqual([
      ...['n2>n4 hold', 'n4>n2 hold'],
    ]);
    expect(await rulesOf(loss, 'all')).toHaveLength(20);
    const some = await rulesOf(loss, 'few');
    expect(some.length % 2).toBe(0);
    expect(some.length).toBeLessThanOrEqual(10);
    const leaders = await rulesOf(reset, 'leader');
    expect(leaders).toHaveLength(8);
    for (const rule of leaders) expect(rule).toMatch(/n3>|>n3/);
    const one = plan(rate, 'one');
    expect(one.description).toMatch(/^one n\d: rate \d+kbit\/s$/);
    expect(plan(rate, 'one', { free: ['n2'] }).description).toMatch(/^one n2:/);
    expect(plan(rate, 'leader', { free: ['n2'], leader: null }).description).toMatch(/^leader n2:/);
  });

  it('are on what a script names', async () => {
    const links = ['n1>n2', 'n2>n5'];
    expect(await rulesOf(reset, 'all', { links })).toEqual(['n1>n2 reset', 'n2>n5 reset']);
    const { variant, description } = plan(reset, 'all', { parameters: { links } });
    expect({ variant, description }).toEqual({
      ...{ variant: 'named', description: 'named n1>n2 n2>n5: reset' },
    });
    expect(await rulesOf(reset, 'one', { nodes: ['n1', 'n2'] })).toHaveLength(14);
    expect(plan(reset, 'one', { parameters: { nodes: ['n1'] } }).variant).toBe('named');
  });

  it('take their numbers from the script, or draw them, or have their own', async () => {
    const links = { links: ['n1>n2'] };
    const rules = (module: FamilyModule, parameters = {}): Promise<readonly unknown[]> =>
      rulesOf(module, 'all', { ...links, ...parameters });
    expect(await rules(loss)).toEqual(['n1>n2 loss 20%']);
    expect(await rules(loss, { percent: 99 })).toEqual(['n1>n2 loss 99%']);
    expect(await rules(rate, { kilobitsPerS: 8 })).toEqual(['n1>n2 rate 8kbit/s']);
    expect(await rules(delay, { ms: 30 })).toEqual(['n1>n2 delay 30ms+-15ms']);
    expect(await rules(delay, { ms: 30, jitterMs: 0 })).toEqual(['n1>n2 delay 30ms+-0ms']);
    const random = createRandomStream(2, 'nemesis');
    const drawn = (module: FamilyModule): readonly string[] =>
      Array.from({ length: 20 }, () => plan(module, 'all', { random }).description);
    expect([...new Set(drawn(delay))].sort()).toEqual([
      ...['all: delay 10ms+-5ms', 'all: delay 200ms+-100ms', 'all: delay 50ms+-25ms'],
    ]);
    expect([...new Set(drawn(rate))].sort()).toEqual([
      ...['all: rate 128kbit/s', 'all: rate 32kbit/s', 'all: rate 8kbit/s'],
    ]);
    await expect(rules(loss, { percent: 101 })).rejects.toThrow('percent');
    await expect(rules(delay, { ms: 10, jitterMs: 11 })).rejects.toThrow('jitterMs');
    expect(() => plan(hold, 'few')).toThrow('there is no hold few; there are pair, one, leader');
  });

  it('cut links where nothing passes, and hamper nodes where it passes badly', () => {
    const parameters = { links: ['n1>n2'] };
    const cut = [{ from: 'n1', to: 'n2' }];
    for (const module of [hold, reset]) {
      const { impairs, claims } = plan(module, 'one', { parameters });
      expect({ impairs, claims }).toEqual({ impairs: { cut, down: [], hampered: [] }, claims: [] });
    }
    for (const module of [loss, delay, rate]) {
      const { impairs } = plan(module, 'all', { parameters });
      expect(impairs).toEqual({ cut: [], down: [], hampered: ['n1', 'n2'] });
    }
  });

  it('at clients hamper the node, hold its requests, and keep other faults off it', async () => {
    const chosen = { nodes: ['n2'] };
    expect(await rulesOf(hold, 'clients', chosen)).toEqual(['clients>n2 hold']);
    expect(await rulesOf(reset, 'clients', chosen)).toEqual([
      ...['clients>n2 reset', 'n2>clients reset'],
    ]);
    expect(plan(reset, 'clients', { parameters: chosen })).toMatchObject({
      ...{ nodes: ['n2'], claims: ['n2'], impairs: { cut: [], down: [], hampered: ['n2'] } },
    });
    const nemesis = make().at(hold);
    expect(nemesis.plan('clients', contextOf({ free: [] }))).toEqual({ skip: 'no node is free' });
    const taken = contextOf({ free: ['n1'], parameters: chosen });
    expect(nemesis.plan('clients', taken)).toMatchObject({ skip: expect.any(String) as string });
  });
});

it('what a variant needs is what its rules take', () => {
  const needs = (module: FamilyModule, name: string): readonly string[] | undefined =>
    module.family.variants.find((variant) => variant.name === name)?.needs;
  expect(needs(partition, 'oneway')).toEqual(['oneway']);
  expect(needs(partition, 'oneway-raw')).toEqual(['drop']);
  expect(needs(hold, 'one')).toEqual(['hold']);
  expect(needs(hold, 'clients')).toEqual(['hold', 'client-cut']);
  expect(needs(clientCut, 'both')).toEqual(['client-cut', 'drop']);
  for (const name of ['requests', 'answers']) {
    expect(needs(clientCut, name)).toEqual(['client-cut', 'oneway']);
  }
});

describe('clients', () => {
  it('lose requests, answers or both, at the nodes that were meant', async () => {
    const chosen = { nodes: ['n4'] };
    expect(await rulesOf(clientCut, 'requests', chosen)).toEqual(['clients>n4 oneway']);
    expect(await rulesOf(clientCut, 'answers', chosen)).toEqual(['n4>clients oneway']);
    expect(await rulesOf(clientCut, 'both', chosen)).toEqual([
      ...['clients>n4 drop', 'n4>clients drop'],
    ]);
    const target = (name: string): readonly string[] =>
      plan(clientCut, 'both', { parameters: { target: name } }).nodes;
    expect(target('leader')).toEqual(['n3']);
    expect(target('minority')).toHaveLength(2);
    expect(() => target('all')).toThrow('target: takes one of one, leader, minority');
    expect(() => plan(clientCut, 'none')).toThrow('there is no client cut none');
  });

  it('lose the leader half of the time, and a node that another fault holds never', () => {
    const random = createRandomStream(3, 'nemesis');
    const hit = (over: Partial<PlanContext>): readonly string[] =>
      Array.from({ length: 60 }, () => plan(clientCut, 'both', { random, ...over }).nodes.join());
    const leaders = hit({}).filter((node) => node === 'n3').length;
    expect(leaders).toBeGreaterThan(25);
    expect(leaders).toBeLessThan(48);
    expect(new Set(hit({})).size).toBe(5);
    expect(new Set(hit({ free: ['n1', 'n2'] }))).toEqual(new Set(['n1', 'n2']));
    const none: FaultPlan | Skip = make()
      .at(clientCut)
      .plan('both', contextOf({ free: [] }));
    expect(none).toEqual({ skip: 'no node is free' });
  });

  it('hamper the nodes that they are cut from, whose process no other fault uses then', () => {
    expect(plan(clientCut, 'answers', { parameters: { nodes: ['n4'] } })).toMatchObject({
      ...{ impairs: { cut: [], down: [], hampered: ['n4'] }, claims: ['n4'] },
      description: 'answers: clients | n4',
    });
  });
});
