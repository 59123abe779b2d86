/**
 * Changes of the members over the whole server, under load and faults: what is answered is true,
 * and nothing that clients see goes wrong meanwhile.
 */
import { expect, test, vi } from 'vitest';
import { type Answer, FeatureBed, isDone, three, usualSeeds, wrongSeeds } from './feature-bed.ts';
import { FeatureHistory } from './feature-history.ts';
import { CommittedConfigurations, FeatureOperator } from './feature-operator.ts';
import type { SimulationOptions } from './plan.ts';

vi.setConfig({ testTimeout: 600_000 });

const joiners = ['n4', 'n5', 'n6'];

interface Rig {
  readonly bed: FeatureBed;
  readonly committed: CommittedConfigurations;
  readonly operator: FeatureOperator;
}

function createRig(options: Partial<SimulationOptions> & { readonly seed: number }): Rig {
  const committed = new CommittedConfigurations();
  const bed = new FeatureBed({ joiners, ...options, onTraceEvent: committed.observe });
  return { bed, committed, operator: new FeatureOperator(bed, committed) };
}

/** What the random runs were worth. */
const seen = { acknowledged: 0, changes: 0, answers: new Map<string, number>() };

async function runSeed(seed: number): Promise<void> {
  const rig = createRig({
    seed,
    dropProbability: [0, 0.02, 0.08][seed % 3] ?? 0,
    duplicateProbability: [0, 0.05][seed % 2] ?? 0,
    snapshotEntries: 30 + (seed % 5) * 20,
  });
  const { bed, operator, committed } = rig;
  const history = new FeatureHistory(bed);
  await bed.run(async () => {
    await bed.startAll();
    const isOver = (): boolean => bed.nowMs >= 2000;
    await Promise.all([
      bed.disturb(['kill', 'stop', 'pause', 'partition', 'transfer', 'snapshot'], isOver),
      operator.meddle(bed.cluster.nodes, isOver),
      operator.meddle(bed.cluster.nodes, isOver),
      history.work(isOver, ['n1', 'n3', 'n4', 'n6']),
    ]);
    await bed.repair();
    await history.readAll();
  });
  history.judge();
  operator.judge();
  seen.acknowledged += history.acknowledged;
  seen.changes += committed.settled.length;
  for (const [name, count] of operator.answers) {
    seen.answers.set(name, (seen.answers.get(name) ?? 0) + count);
  }
}

test('members come and go at random, under faults, and every answer is true', async () => {
  expect(await wrongSeeds(25, runSeed)).toEqual([]);
});

test.skipIf(!usualSeeds)('the seeds of the members were worth something', () => {
  expect(seen.acknowledged).toBeGreaterThan(3000);
  expect(seen.changes).toBeGreaterThan(60);
  for (const name of ['simple', 'BUSY', 'MISMATCH', 'LAGGING', 'MOVED', 'ERR', 'lost']) {
    expect(seen.answers.get(name) ?? 0, name).toBeGreaterThan(0);
  }
});

/** A story with clients at work all the while, who must see nothing wrong. */
async function underLoad(
  options: Partial<SimulationOptions> & { readonly seed: number },
  story: (rig: Rig) => Promise<void>,
): Promise<void> {
  const rig = createRig(options);
  const { bed, operator } = rig;
  const history = new FeatureHistory(bed);
  let isOver = false;
  await bed.run(async () => {
    await bed.startAll();
    const told = story(rig).finally(() => {
      isOver = true;
    });
    await Promise.all([told, history.work(() => isOver, bed.cluster.nodes)]);
    await history.readAll();
  });
  history.judge();
  operator.judge();
  expect(history.acknowledged).toBeGreaterThan(10);
}

async function admit({ operator }: Rig, id: string): Promise<void> {
  await operator.mustChange('ADD', id);
  await operator.mustChange('PROMOTE', id);
}

/** Each leads once, and so has spoken to all others. */
async function meetEachOther(bed: FeatureBed, nodes: readonly string[]): Promise<void> {
  for (const node of nodes) {
    for (let leader = await bed.leader(); leader !== node; leader = await bed.leader()) {
      await bed.ask(leader, ['RAFT.TRANSFER', node]);
    }
    await bed.untilEqual(nodes);
  }
}

async function voters(bed: FeatureBed): Promise<string> {
  return (await bed.info(await bed.leader())).get('voters') ?? '';
}

test('three grow to five, survive two, and shrink to three again', async () => {
  await underLoad({ seed: 1, snapshotEntries: 60 }, async (rig) => {
    const { bed, operator } = rig;
    await admit(rig, 'n4');
    await admit(rig, 'n5');
    expect(await voters(bed)).toBe('n1,n2,n3,n4,n5');
    await bed.cluster.kill('n1');
    await bed.cluster.kill('n2');
    await bed.askAny(['SET', 'three', 'of five']);
    await bed.startAll(['n1', 'n2']);
    await operator.mustChange('REMOVE', 'n2');
    await operator.mustChange('REMOVE', 'n4');
    expect(await voters(bed)).toBe('n1,n3,n5');
    await bed.cluster.kill('n4');
    await bed.cluster.kill('n2');
    await bed.askAny(['SET', 'without', 'those']);
    await bed.untilEqual(['n1', 'n3', 'n5']);
  });
});

test('each member is replaced, one after another, until nobody of the first is left', async () => {
  await underLoad({ seed: 2, snapshotEntries: 60, dropProbability: 0.02 }, async (rig) => {
    const { bed, operator } = rig;
    for (const [at, old] of three.entries()) {
      await admit(rig, joiners[at] ?? '');
      await operator.mustChange('REMOVE', old);
      await bed.cluster.kill(old);
    }
    expect(await voters(bed)).toBe('n4,n5,n6');
    await bed.untilEqual(joiners);
  });
});

test('a leader removes itself: it is told, leads no more, and others go on at once', async () => {
  await underLoad({ seed: 3 }, async (rig) => {
    const { bed, operator } = rig;
    await admit(rig, 'n4');
    const leader = await bed.leader();
    const startMs = bed.nowMs;
    const answer = await operator.change(leader, { change: 'REMOVE', id: leader });
    expect(answer).toMatchObject({ type: 'simple' });
    const successor = await bed.leader((node) => node !== leader);
    await bed.ask(successor, ['SET', 'k', 'v']);
    // An election timeout is 300 ms at the least.
    expect(bed.nowMs - startMs).toBeLessThan(250);
    expect((await bed.info(leader)).get('role')).not.toBe('leader');
    expect(await voters(bed)).not.toContain(leader);
  });
});

test('of two changes at once one is made, and the other is refused for certain', async () => {
  for (const words of [[], ['EXPECT', '0']]) {
    await underLoad({ seed: 4 }, async ({ bed, operator }) => {
      const leader = await bed.leader();
      const [first, second] = await Promise.all([
        operator.change(leader, { change: 'ADD', id: 'n4' }, words),
        operator.change(leader, { change: 'ADD', id: 'n5' }, words),
      ]);
      const answers = [first, second].map(codeOf).sort();
      expect(answers[1]).toBe('done');
      expect(['BUSY', 'MISMATCH']).toContain(answers[0]);
      const late = await operator.change(leader, { change: 'ADD', id: 'n6' }, ['EXPECT', '0']);
      expect(codeOf(late)).toBe('MISMATCH');
      expect((await bed.info(leader)).get('learners')).toMatch(/^n[45]$/);
    });
  }
});

function codeOf(answer: Answer): string {
  if (isDone(answer)) return 'done';
  return answer.type === 'error' ? answer.code : answer.type;
}

test('a change whose leader is cut off is uncertain, and undone or done by the next', async () => {
  await underLoad({ seed: 5 }, async ({ bed, operator, committed }) => {
    const leader = await bed.leader();
    await bed.cutOff(leader);
    const lost = await operator.change(leader, { change: 'ADD', id: 'n4' });
    expect(codeOf(lost)).toBe('UNCERTAIN');
    const successor = await bed.leader((node) => node !== leader);
    expect(committed.settled).toEqual([]);
    const made = operator.change(successor, { change: 'ADD', id: 'n5' });
    expect(codeOf(await made)).toBe('done');
    await bed.heal();
    await bed.untilEqual(three);
    expect((await bed.info(leader)).get('learners')).toBe('n5');
  });
});

test('a change that the next leader replaces is refused for certain, once known', async () => {
  await underLoad({ seed: 6 }, async ({ bed, operator }) => {
    const leader = await bed.leader();
    await bed.cutOff(leader);
    const asked = operator.change(leader, { change: 'ADD', id: 'n4' });
    const successor = await bed.leader((node) => node !== leader);
    await bed.ask(successor, ['SET', 'k', 'v']);
    await bed.heal();
    expect(['MOVED', 'UNCERTAIN']).toContain(codeOf(await asked));
    await bed.untilEqual(three);
    expect((await bed.info(leader)).get('learners')).toBe('');
  });
});

test('a wiped node is refused under its old name, and welcome once it was removed', async () => {
  await underLoad({ seed: 7, snapshotEntries: 100_000, checkDeeply: false }, async (rig) => {
    const { bed, operator } = rig;
    await admit(rig, 'n4');
    await meetEachOther(bed, [...three, 'n4']);
    await bed.wipe('n4');
    await bed.cluster.start('n4');
    await bed.pause(1500);
    expect(bed.cluster.messageCounts().refused).toBeGreaterThan(0);
    expect(await bed.number('n4', 'last_log_index')).toBe(0);
    await bed.cluster.kill('n4');
    await operator.mustChange('REMOVE', 'n4');
    await bed.untilEqual(three);
    await bed.cluster.start('n4');
    await admit(rig, 'n4');
    await meetEachOther(bed, [...three, 'n4']);
    // All apply the whole log once more, the removal of n4 with it. That is no second removal.
    for (const node of bed.cluster.nodes) await bed.cluster.kill(node);
    await bed.startAll(three);
    await bed.untilEqual(three);
    await bed.wipe('n4');
    await bed.cluster.start('n4');
    await bed.pause(1500);
    expect(await bed.number('n4', 'last_log_index')).toBe(0);
  });
});

for (const absence of ['cut off', 'down'] as const) {
  test(`who was ${absence} while n4 went and came back refuses it once it is wiped`, async () => {
    const options = { seed: 10, snapshotEntries: 100_000, checkDeeply: false };
    await underLoad(options, async (rig) => {
      const { bed, operator } = rig;
      await admit(rig, 'n4');
      await meetEachOther(bed, [...three, 'n4']);
      const leader = await bed.leader();
      const away = three.find((node) => node !== leader) ?? '';
      if (absence === 'down') await bed.cluster.kill(away);
      else await bed.cutOff(away);
      await operator.mustChange('REMOVE', 'n4');
      await admit(rig, 'n4');
      await meetEachOther(bed, ['n4']);
      // It is n4 itself that tells of its removal: it is let in before, and known no more after.
      if (absence === 'down') await bed.cluster.start(away);
      else await bed.heal();
      await bed.untilEqual([...three, 'n4']);
      await bed.wipe('n4');
      await meetEachOther(bed, [away]);
      await bed.cluster.start('n4');
      await bed.pause(1500);
      expect(await bed.leader()).toBe(away);
      expect(await bed.number('n4', 'last_log_index')).toBe(0);
    });
  });
}

test('who was added later is not forgotten when the log is applied once more', async () => {
  await underLoad(
    { seed: 9, snapshotEntries: 100_000, checkDeeply: false },
    async ({ bed, operator }) => {
      await operator.mustChange('ADD', 'n5');
      await operator.mustChange('ADD', 'n4');
      await meetEachOther(bed, three);
      await bed.untilEqual([...three, 'n4', 'n5']);
      for (const node of bed.cluster.nodes) await bed.cluster.kill(node);
      await bed.startAll(three);
      await bed.untilEqual(three);
      await bed.wipe('n4');
      await bed.cluster.start('n4');
      await bed.pause(1000);
      expect(await bed.number('n4', 'last_log_index')).toBe(0);
    },
  );
});

test('who learns of a removal by a snapshot lets the name come back, too', async () => {
  await underLoad({ seed: 8, snapshotEntries: 20, trailingEntries: 0 }, async (rig) => {
    const { bed, operator } = rig;
    await operator.mustChange('ADD', 'n4');
    await meetEachOther(bed, three);
    await bed.untilEqual([...three, 'n4']);
    const leader = await bed.leader();
    const away = three.find((node) => node !== leader) ?? '';
    await bed.cutOff(away);
    await bed.cluster.kill('n4');
    await operator.mustChange('REMOVE', 'n4');
    for (let count = 0; count < 60; count += 1) await bed.askAny(['SET', `k${count}`, 'v']);
    await bed.heal();
    await bed.untilEqual(three);
    expect(bed.referee.counts.events.get('install')).toBeGreaterThan(0);
    bed.cluster.wipe('n4');
    bed.referee.forget('n4');
    await bed.cluster.start('n4');
    await admit(rig, 'n4');
    await operator.mustChange('REMOVE', leader);
    await bed.cluster.kill(leader);
    await meetEachOther(bed, [...three.filter((node) => node !== leader), 'n4']);
    // Now the one that was away and n4 need each other.
    const others = [...three.filter((node) => node !== leader), 'n4'];
    await bed.cluster.kill(others.find((node) => node !== away && node !== 'n4') ?? '');
    await bed.askAny(['SET', 'both', 'here']);
    await bed.untilEqual(others);
  });
});
