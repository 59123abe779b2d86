/**
 * Snapshots over the whole server: a follower that was away gets a large one chunk by chunk, log
 * and memory stay bounded, and what was deleted stays deleted.
 */

import { expect, test, vi } from 'vitest';
import { dropRules } from '../nemesis/desired-network.ts';
import { randomInteger, randomItem } from '../run/random.ts';
import { FeatureBed, isDone, three, usualSeeds, wrongSeeds } from './feature-bed.ts';

vi.setConfig({ testTimeout: 600_000 });

const valueBytes = 64 * 1024;
const seen = { installs: 0, chunks: 0, overtaken: 0, leaderCrashes: 0 };

/** So many values of 64 KiB. */
async function fill(bed: FeatureBed, node: string, count: number): Promise<void> {
  const requests = Array.from({ length: count }, (_, at) => {
    return ['SET', `large-${at}`, String.fromCharCode(97 + (at % 26)).repeat(valueBytes)];
  });
  const answers = await bed.askInPipeline(node, requests, 10_000);
  expect(answers.every(isDone)).toBe(true);
}

async function writeSmall(bed: FeatureBed, node: string, count: number): Promise<void> {
  const requests = Array.from({ length: count }, (_, at) => ['INCR', `small-${at % 5}`]);
  await bed.askInPipeline(node, requests, 5000);
}

/**
 * A follower is cut off until the log is compacted, deletes happen meanwhile; when it is back, the
 * leader crashes in the middle of the transfer, or a newer snapshot overtakes it.
 */
async function runSeed(seed: number): Promise<void> {
  const bed = new FeatureBed({
    seed,
    dropProbability: [0, 0.05, 0.2][seed % 3] ?? 0,
    duplicateProbability: [0, 0.1][seed % 2] ?? 0,
    snapshotEntries: 30,
    trailingEntries: 0,
    segmentBytes: 256 * 1024,
    checkDeeply: false,
  });
  const { random, cluster } = bed;
  await bed.run(async () => {
    await bed.startAll();
    const first = await bed.leader();
    await bed.ask(first, ['SET', 'deleted', 'before']);
    await bed.ask(first, ['SADD', 'set', 'a', 'b']);
    const away = three.find((node) => node !== first) ?? '';
    await bed.untilEqual();
    await bed.cutOff(away);
    await bed.ask(first, ['DEL', 'deleted']);
    await bed.ask(first, ['SREM', 'set', 'a']);
    await fill(bed, first, 40 + randomInteger(random, 30));
    await bed.ask(first, ['RAFT.SNAPSHOT'], 3000);
    await bed.heal();
    const trouble = randomItem(random, ['none', 'crash', 'overtake', 'receiver']);
    const passages = (): number => cluster.crashPoints().passages.get('snapshot.after-chunk') ?? 0;
    const before = passages();
    while (passages() < before + 3) await bed.pause(2);
    if (trouble === 'crash') {
      seen.leaderCrashes += 1;
      await cluster.kill(await bed.leader());
      await bed.pause(randomInteger(random, 1000));
    }
    if (trouble === 'receiver') await cluster.kill(away);
    if (trouble === 'overtake') {
      seen.overtaken += 1;
      const leader = await bed.leader();
      await writeSmall(bed, leader, 40);
      await bed.ask(leader, ['RAFT.SNAPSHOT'], 3000);
    }
    await bed.untilEqual();
    seen.chunks += passages() - before;
    for (const node of three) {
      expect(await bed.ask(node, ['GET', 'deleted'])).toMatchObject({ value: null });
      expect(await bed.ask(node, ['SISMEMBER', 'set', 'a'])).toMatchObject({ value: 0 });
      expect(await bed.ask(node, ['STRLEN', 'large-7'])).toMatchObject({ value: valueBytes });
      expect(await bed.ask(node, ['RAFT.STALE', 'GET', 'deleted'])).toMatchObject({ value: null });
    }
  });
  seen.installs += bed.referee.counts.events.get('install') ?? 0;
}

test('a large snapshot arrives by chunks, whatever happens on its way', async () => {
  expect(await wrongSeeds(9, runSeed)).toEqual([]);
});

test.skipIf(!usualSeeds)('the seeds of the snapshots were worth something', () => {
  expect(seen.installs).toBeGreaterThanOrEqual(9);
  expect(seen.chunks).toBeGreaterThan(9 * 8);
  expect(seen.overtaken).toBeGreaterThan(0);
  expect(seen.leaderCrashes).toBeGreaterThan(0);
});

test('over a long run the log stays small, in memory and on disk', async () => {
  const bed = new FeatureBed({
    seed: 3,
    snapshotEntries: 50,
    trailingEntries: 20,
    segmentBytes: 4096,
    checkDeeply: false,
  });
  await bed.run(async () => {
    await bed.startAll();
    const leader = await bed.leader();
    for (let round = 0; round < 40; round += 1) {
      await writeSmall(bed, leader, 60);
      await bed.pause(100);
      for (const node of three) {
        const info = await bed.info(node);
        const held = Number(info.get('last_log_index')) - Number(info.get('first_log_index')) + 1;
        // One snapshot may be under way while a round of writes comes in.
        expect(held).toBeLessThan(50 + 20 + 2 * 60);
        expect(bed.cluster.disk(node).sizes.size).toBeLessThan(20);
      }
    }
    expect(await bed.number(leader, 'last_log_index')).toBeGreaterThan(2400);
    await bed.untilEqual();
    // What is left on the disks is enough.
    for (const node of three) await bed.cluster.kill(node);
    await bed.untilEqual();
    expect(await bed.askAny(['GET', 'small-0'])).toMatchObject({ value: '480' });
  });
});

test('a write whose fate a snapshot hides is uncertain: it may have happened', async () => {
  const bed = new FeatureBed({
    seed: 4,
    electionTicks: 40,
    snapshotEntries: 20,
    trailingEntries: 0,
  });
  await bed.run(async () => {
    await bed.startAll();
    const leader = await bed.leader();
    await bed.untilEqual();
    const others = three.filter((node) => node !== leader);
    // The write gets there, and nobody can say so.
    await bed.cluster.network.set(dropRules(others.map((from) => ({ from, to: leader }))));
    const asked = bed.ask(leader, ['INCR', 'hidden'], 10_000);
    await bed.pause(20);
    await bed.cutOff(leader);
    const successor = await bed.leader((node) => node !== leader);
    await writeSmall(bed, successor, 60);
    await bed.ask(successor, ['RAFT.SNAPSHOT']);
    await bed.heal();
    expect(await asked).toMatchObject({ type: 'error', code: 'UNCERTAIN' });
    await bed.untilEqual();
    expect(bed.referee.counts.events.get('install')).toBe(1);
    expect(await bed.askAny(['GET', 'hidden'])).toMatchObject({ value: '1' });
  });
});
