/**
 * Reads over the whole server: followers and learners answer as the leader would, whoever is cut
 * off answers nothing old; and what a node does when it has too much to do, or its disk fails.
 */
import { expect, test, vi } from 'vitest';
import { FeatureBed, isDone, three, usualSeeds, wrongSeeds } from './feature-bed.ts';
import { FeatureHistory } from './feature-history.ts';
import { CommittedConfigurations, FeatureOperator } from './feature-operator.ts';

vi.setConfig({ testTimeout: 600_000 });

const seen = { acknowledged: 0 };

async function addLearner(bed: FeatureBed): Promise<void> {
  const operator = new FeatureOperator(bed, new CommittedConfigurations());
  await operator.mustChange('ADD', 'n4');
}

async function runSeed(seed: number): Promise<void> {
  const bed = new FeatureBed({
    seed,
    joiners: ['n4'],
    dropProbability: [0, 0.05][seed % 2] ?? 0,
    snapshotEntries: 40,
  });
  const history = new FeatureHistory(bed);
  await bed.run(async () => {
    await bed.startAll();
    await addLearner(bed);
    const isOver = (): boolean => bed.nowMs >= 2000;
    await Promise.all([
      bed.disturb(['pause', 'partition', 'pause', 'transfer'], isOver),
      history.work(isOver, [...bed.cluster.nodes, ...bed.cluster.nodes]),
    ]);
    await bed.repair();
    await history.readAll();
    const draw = () => ({ f: 'read', key: 'a', value: null });
    const goal = history.acknowledged + 3;
    await history.client('n4', draw, () => history.acknowledged >= goal);
  });
  history.judge();
  seen.acknowledged += history.acknowledged;
}

test('reads on leader, followers and a learner are linearizable while nodes freeze', async () => {
  expect(await wrongSeeds(15, runSeed)).toEqual([]);
});

test.skipIf(!usualSeeds)('the seeds of the reads were worth something', () => {
  expect(seen.acknowledged).toBeGreaterThan(3000);
});

test('cut off, leader, follower and learner read nothing old but by RAFT.STALE', async () => {
  const bed = new FeatureBed({ seed: 1, joiners: ['n4'] });
  await bed.run(async () => {
    await bed.startAll();
    await addLearner(bed);
    for (const role of ['leader', 'follower', 'n4']) {
      const leader = await bed.leader();
      const follower = three.find((node) => node !== leader) ?? '';
      const node = { leader, follower }[role] ?? role;
      await bed.ask(leader, ['SET', 'k', 'old']);
      await bed.untilEqual();
      await bed.cutOff(node);
      const reads: Promise<unknown>[] = [];
      const read = async (): Promise<void> => {
        expect(await bed.ask(node, ['GET', 'k'], 3000)).not.toMatchObject({ value: 'old' });
      };
      // Before the others have a leader the old value is still the newest: it might be told.
      const successor = await bed.leader((other) => other !== node);
      expect(await bed.ask(successor, ['SET', 'k', 'new'])).toMatchObject({ value: 'OK' });
      for (let count = 0; count < 20; count += 1) {
        reads.push(read());
        await bed.pause(20);
      }
      expect(await bed.ask(node, ['RAFT.STALE', 'GET', 'k'])).toMatchObject({ value: 'old' });
      await bed.heal();
      await Promise.all(reads);
      await bed.untilEqual();
      expect(await bed.ask(node, ['GET', 'k'])).toMatchObject({ value: 'new' });
    }
  });
});

test('more than a leader can hold is refused for certain, and it recovers', async () => {
  const bed = new FeatureBed({ seed: 2, checkDeeply: false, segmentBytes: 64 * 1024 * 1024 });
  await bed.run(async () => {
    await bed.startAll();
    const leader = await bed.leader();
    for (const node of three) if (node !== leader) await bed.cluster.pause(node);
    const value = 'x'.repeat(1024 * 1024);
    const answers = await Promise.all(
      Array.from({ length: 75 }, async (_, at) => {
        const answer = bed.ask(leader, ['SET', `large-${at}`, value], 5000);
        await bed.pause(150);
        for (const node of three) await bed.cluster.resume(node);
        return answer;
      }),
    );
    const codes = answers.map((answer) => (answer.type === 'error' ? answer.code : answer.type));
    expect(codes.filter((code) => code === 'OVERLOADED').length).toBeGreaterThan(5);
    await bed.untilEqual();
    const node = await bed.leader();
    expect(await bed.ask(node, ['SET', 'after', 'it'])).toMatchObject({ value: 'OK' });
    for (const [at, code] of codes.entries()) {
      const { value: count } = (await bed.ask(node, ['EXISTS', `large-${at}`])) as {
        value: number;
      };
      if (code === 'simple') expect(count).toBe(1);
      if (['OVERLOADED', 'NOLEADER', 'MOVED'].includes(code)) expect(count).toBe(0);
    }
    expect(codes).toContain('simple');
  });
});

test('a sync that fails ends the node: it acknowledges nothing more, others go on', async () => {
  for (const seed of [1, 2, 3]) {
    const bed = new FeatureBed({ seed });
    let leader = '';
    const acknowledged: string[] = [];
    const ends: string[] = [];
    await bed.run(async () => {
      await bed.startAll();
      leader = await bed.leader();
      const write = async (name: string): Promise<void> => {
        for (let count = 0; count < 40; count += 1) {
          const key = `${name}-${count}`;
          const isBroken = ends.length > 0;
          const answer = await bed.ask(leader, ['SET', key, key], 300);
          expect(isBroken && isDone(answer)).toBe(false);
          if (isDone(answer)) acknowledged.push(key);
        }
      };
      const breakIt = async (): Promise<void> => {
        await bed.pause(20 + seed * 3);
        bed.cluster.disk(leader).breakSyncs();
        while ((await bed.cluster.nodeState(leader)) === 'running') await bed.pause(1);
        ends.push(leader);
      };
      await Promise.all([breakIt(), write('a'), write('b')]);
      expect(acknowledged.length).toBeGreaterThan(3);
      const successor = await bed.leader();
      expect(successor).not.toBe(leader);
      for (const key of acknowledged) {
        expect(await bed.ask(successor, ['GET', key])).toMatchObject({ value: key });
      }
      bed.cluster.disk(leader).repair();
      await bed.untilEqual();
      const reasons = bed.cluster.unexpectedExits().map(({ reason }) => reason);
      expect(reasons).toEqual([expect.stringMatching(/^the sync of .* failed$/)]);
      ends[0] = `${leader}: ${reasons[0]}`;
    }, ends);
  }
});
