import { describe, expect, it, test } from 'vitest';
import type { Damage } from '../cluster.ts';
import { FaultError } from '../nemesis.ts';
import { bitFlip } from './bit-flip.ts';
import { diskSlow } from './disk-slow.ts';
import { pickFile, tornPlaceOf } from './harmed-file.ts';
import { logFile } from './memory-cluster.ts';
import { createMemoryRig, type MemoryRig } from './memory-rig.ts';
import { expectWhole } from './memory-whole.ts';
import { noteRemoved } from './once-removed.ts';
import { torn } from './torn.ts';
import { truncate } from './truncate.ts';
import { wipe } from './wipe.ts';

/** Of these a harmed node must be cut off. */
const trusting = { refusesDamagedFiles: false };
const seeds = Array.from({ length: 10 }, (_, seed) => seed);

async function rulesOf({ cluster }: MemoryRig): Promise<readonly unknown[]> {
  return (await cluster.network.read()).rules;
}

describe('a torn write', () => {
  it('is cut off by the server, which goes on; nothing is put back', async () => {
    for (const seed of seeds) {
      const rig = createMemoryRig(torn, { seed });
      const { begin, end, plan } = await rig.inject('one');
      expect(begin.tookEffect).toBe(true);
      expect(end.tookEffect).toBe(true);
      expect(begin.evidence).toMatchObject({ started: true, damage: { path: logFile } });
      expect(plan.impairs.down).toEqual(plan.nodes);
      expect(rig.cluster.calls.join()).not.toContain('repair');
      expectWhole(rig);
    }
  });

  it('lets the verdict see a server that cannot live with it, and gives it its file', async () => {
    const rig = createMemoryRig(torn);
    const planned = rig.plan('follower');
    const [node = ''] = planned.nodes;
    rig.cluster.failing.set(`start ${node}`, 'it ended with exit code 251');
    const begin = await rig.nemesis.begin(planned);
    expect(rig.cluster.node(node).mayEnd).toBe(0);
    expect(begin.evidence).toMatchObject({
      started: false,
      refusal: 'it ended with exit code 251',
    });
    await rig.nemesis.end(planned);
    expect(rig.cluster.calls).toContain(`repair ${node}`);
    expectWhole(rig);
  });

  it('never brings back old files of a node that has gone on', async () => {
    const rig = createMemoryRig(torn);
    const planned = rig.plan('follower');
    const begun = await rig.nemesis.begin(planned);
    rig.cluster.look();
    expect(begun.tookEffect).toBe(true);
    await rig.nemesis.teardown();
    expectWhole(rig);
    expect(rig.cluster.calls.join()).not.toContain('repair');
  });

  it('fits into the room that a log has left: it is never made longer', async () => {
    const rig = createMemoryRig(torn);
    const file = { path: logFile, bytes: 4096, contentBytes: 4025, age: 0 };
    let given: Damage | null = null;
    rig.cluster.disks.list = async () => [file];
    rig.cluster.disks.damage = async (_node, damage) => {
      given = damage;
      return {};
    };
    await rig.nemesis.begin(rig.plan('one', { parameters: { bytes: 50 } }));
    expect(given).toMatchObject({ offset: 4089, bytes: { length: 7 } });
  });

  it('tears a file of the log, not the one that was written last, where the system tells', () => {
    const rig = createMemoryRig(torn, { system: { logFiles: 'wal-*' } });
    expect(rig.plan('one').value).toMatchObject({ file: 'wal-*' });
    const given = rig.plan('one', { parameters: { file: 'other', bytes: 3 } });
    expect(given.value).toMatchObject({ file: 'other', bytes: 3 });
  });
});

describe('harm to what was synced', () => {
  const kinds = { bitFlip, truncate };

  it.each(Object.entries(kinds))('%s: cut off from kill to repair, then whole', async (_, kind) => {
    for (const seed of seeds) {
      const rig = createMemoryRig(kind, { seed, system: trusting });
      for (let look = 0; look < 20; look++) rig.cluster.look();
      const planned = rig.plan('follower');
      const [node = ''] = planned.nodes;
      const begin = await rig.nemesis.begin(planned);
      expect(begin.tookEffect).toBe(true);
      expect(await rulesOf(rig)).toHaveLength(8);
      for (let look = 0; look < 3; look++) rig.cluster.look();
      expect(rig.cluster.unsafe).toEqual([]);
      expect(rig.cluster.node(node).mayEnd).toBe(1);
      const end = await rig.nemesis.end(planned);
      expect(end.tookEffect).toBe(true);
      expect(await rulesOf(rig)).toEqual([]);
      expectWhole(rig);
    }
  });

  it('a flipped bit: the server refuses in its own words, which is evidence', async () => {
    const rig = createMemoryRig(bitFlip);
    for (let look = 0; look < 20; look++) rig.cluster.look();
    const { begin, end } = await rig.inject('one');
    expect(begin.evidence['started']).toBe(false);
    expect(begin.evidence['refusal']).toContain('corrupt at byte');
    expect(end.evidence['said']).toHaveLength(1);
  });

  it('comes before the node could be heard: cut, kill, damage, start; and back', async () => {
    const rig = createMemoryRig(truncate, { system: trusting });
    const { plan } = await rig.inject('one', { parameters: { keepPercent: 0 } });
    const [node] = plan.nodes;
    expect(rig.cluster.calls).toEqual([
      ...['set 8 rules', `kill ${node}`, `damage ${node}`, `start ${node}`],
      ...[`kill ${node}`, `repair ${node}`, `start ${node}`, 'set 0 rules'],
    ]);
  });

  it('never lets a node among its peers whose files could not be put back', async () => {
    const rig = createMemoryRig(truncate, { system: trusting });
    const planned = rig.plan('one', { parameters: { keepPercent: 50 } });
    const [node = ''] = planned.nodes;
    await rig.nemesis.begin(planned);
    rig.cluster.failing.set(`repair ${node}`, 'the disk agent is gone');
    await expect(rig.nemesis.end(planned)).rejects.toThrow('the disk agent is gone');
    rig.cluster.look();
    expect(rig.cluster.node(node).state).toBe('stopped');
    expect(rig.cluster.unsafe).toEqual([]);
    await rig.nemesis.teardown();
    expectWhole(rig);
    expect(await rulesOf(rig)).toEqual([]);
  });

  it('leaves nothing behind wherever it breaks off', async () => {
    for (const step of ['set 8 rules', 'kill n1', 'damage n1', 'start n1']) {
      const rig = createMemoryRig(bitFlip);
      const planned = rig.plan('one', { parameters: { nodes: ['n1'] } });
      rig.cluster.failing.set(step, 'it broke off');
      await rig.nemesis.begin(planned).catch(() => {});
      await rig.nemesis.teardown();
      expectWhole(rig);
      expect(await rulesOf(rig), step).toEqual([]);
    }
  });

  it('is not done to a node that could not be cut off, nor is a cut forgotten', async () => {
    const rig = createMemoryRig(truncate, { system: trusting });
    rig.cluster.network.lie = [];
    const planned = rig.plan('one');
    await expect(rig.nemesis.begin(planned)).rejects.toThrow('could not be cut off');
    expect(rig.cluster.calls.join()).not.toContain('kill');
    rig.cluster.network.lie = null;
    await rig.nemesis.teardown();
    const next = rig.plan('one');
    await rig.nemesis.begin(next);
    rig.cluster.network.lie = (await rig.cluster.network.read()).rules;
    await expect(rig.nemesis.end(next)).rejects.toThrow('could not be healed');
    rig.cluster.network.lie = null;
    await rig.nemesis.teardown();
    expectWhole(rig);
  });

  it('leaves a node alone that has nothing to harm', async () => {
    for (const kind of [bitFlip, truncate, torn]) {
      const rig = createMemoryRig(kind, { system: trusting });
      const planned = rig.plan('one', { parameters: { file: 'lock' } });
      await expect(rig.nemesis.begin(planned)).rejects.toThrow('there is no file with content');
      expect(rig.cluster.calls).toEqual([]);
      await rig.nemesis.end(planned);
      expectWhole(rig);
    }
  });

  it('has had no effect on a node that did not run', async () => {
    const rig = createMemoryRig(truncate, { system: trusting });
    const planned = rig.plan('one');
    await rig.cluster.kill(planned.nodes[0] ?? '');
    expect((await rig.nemesis.begin(planned)).tookEffect).toBe(false);
  });

  it('cuts a node off from the spares too', async () => {
    const rig = createMemoryRig(truncate, { spares: ['n6', 'n7'], system: trusting });
    await rig.nemesis.begin(rig.plan('one'));
    expect(await rulesOf(rig)).toHaveLength(12);
  });

  it('hits what is written, not the room behind it', async () => {
    const file = { path: logFile, bytes: 1e6, contentBytes: 10, age: 0 };
    for (const seed of seeds) {
      for (const kind of [bitFlip, truncate]) {
        const rig = createMemoryRig(kind, { seed, system: trusting });
        let given: Damage | null = null;
        rig.cluster.disks.list = async () => [file];
        rig.cluster.disks.damage = async (_node, damage) => {
          given = damage;
          return {};
        };
        await rig.nemesis.begin(rig.plan('one'));
        const { offset = 0, keepBytes = 0 } = (given ?? {}) as Record<string, number>;
        expect(Math.max(offset, keepBytes)).toBeLessThan(10);
      }
    }
  });

  it('garbage ends in no zero, so that its end can be seen', () => {
    for (const seed of seeds) {
      const planned = createMemoryRig(torn, { seed }).plan('one');
      expect('garbage' in planned ? planned.garbage : [0]).not.toContain(0);
    }
  });

  it('has had no effect when the files do not show it', async () => {
    const rig = createMemoryRig(bitFlip);
    rig.cluster.disks.damage = async () => ({ before: 1, after: 1 });
    expect((await rig.inject('one')).begin.tookEffect).toBe(false);
    const whole = createMemoryRig(truncate, { system: trusting });
    whole.cluster.disks.damage = async () => ({});
    expect((await whole.inject('one')).begin.tookEffect).toBe(false);
    const sound = createMemoryRig(torn);
    sound.cluster.disks.damage = async () => ({});
    expect((await sound.inject('one')).begin.tookEffect).toBe(false);
    const full = createMemoryRig(wipe);
    full.cluster.disks.damage = async () => ({});
    expect((await full.inject('one')).begin.tookEffect).toBe(false);
  });
});

describe('a wiped disk', () => {
  it('is cut off, unless its peers refuse such a node themselves', async () => {
    const wary = createMemoryRig(wipe, { system: { refusesWipedNodes: true } });
    const { begin } = await wary.inject('follower');
    expect(begin.tookEffect).toBe(true);
    expect(wary.cluster.calls.filter((call) => call.startsWith('set'))).toEqual([]);
    expectWhole(wary);
    const other = createMemoryRig(wipe, { system: { refusesWipedNodes: false } });
    await other.inject('follower');
    expect(other.cluster.calls[0]).toBe('set 8 rules');
    expectWhole(other);
  });

  it('is cut off when its peers may not know it: it was removed in this run', () => {
    const rig = createMemoryRig(wipe, { system: { refusesWipedNodes: true } });
    noteRemoved(rig.tools.members, 'n2');
    const planned = (node: string) => rig.plan('one', { parameters: { nodes: [node] } }).value;
    expect(planned('n2')).toMatchObject({ isolate: true });
    expect(planned('n3')).toMatchObject({ isolate: false });
    for (const other of ['n2', 'n3', 'n4', 'n5']) rig.tools.members.remove(other);
    expect(() => planned('n1'), 'alone it would serve').toThrow('the only member');
  });

  it('is left among its peers when the script says so', () => {
    const rig = createMemoryRig(wipe, { system: { refusesWipedNodes: false } });
    const planned = rig.plan('one', { parameters: { isolate: false } });
    expect(planned.value).toMatchObject({ isolate: false });
  });
});

describe('the file that is harmed', () => {
  const files = [
    { path: 'lock', bytes: 0, age: 0 },
    { path: 'wal-2', bytes: 10, age: 1 },
    { path: 'wal-1', bytes: 99, age: 3 },
    { path: 'snapshots/a.bin', bytes: 5, age: 2 },
  ];

  it('is the one with content that was written last, or the youngest that matches', () => {
    expect(pickFile(files, null).path).toBe('wal-2');
    expect(pickFile([...files].reverse(), 'wal-*').path).toBe('wal-2');
    expect(pickFile(files, 'snapshots/*').path).toBe('snapshots/a.bin');
    expect(pickFile(files, '**.bin').path).toBe('snapshots/a.bin');
    expect(pickFile(files, 'wal-?').path).toBe('wal-2');
    expect(pickFile(files, 'wal-1').path).toBe('wal-1');
  });

  it('is torn behind its content: where it may be full of zeros, in a block of its own', () => {
    const file = { path: 'wal-1', bytes: 4096, age: 0 };
    const endless = { offset: 4095, roomBytes: Number.POSITIVE_INFINITY };
    expect(tornPlaceOf({ ...file, bytes: 4095 })).toEqual(endless);
    expect(tornPlaceOf({ ...file, bytes: 4095, contentBytes: 4095 })).toEqual(endless);
    // Whole blocks, to the last byte: it may have been made so long.
    expect(() => tornPlaceOf(file)).toThrow('no room');
    expect(() => tornPlaceOf({ ...file, contentBytes: 4096 })).toThrow('no room');
    const behind = (contentBytes: number) => tornPlaceOf({ ...file, contentBytes });
    expect(behind(448)).toEqual({ offset: 512, roomBytes: 3584 });
    expect(behind(449)).toEqual({ offset: 1024, roomBytes: 3072 });
    expect(behind(3520)).toEqual({ offset: 3584, roomBytes: 512 });
    expect(behind(3521)).toEqual({ offset: 3585, roomBytes: 511 });
    expect(behind(4031)).toEqual({ offset: 4095, roomBytes: 1 });
    expect(() => behind(4032)).toThrow('no room');
    const empty = { ...file, contentBytes: 0 };
    expect(() => pickFile([empty], null)).toThrow('with content');
  });

  it('must be there: the words say what there is', () => {
    expect(() => pickFile(files, '*.bin')).toThrow('wal-2 (10 bytes)');
    expect(() => pickFile(files, 'wal.*')).toThrow(FaultError);
    expect(() => pickFile([], null)).toThrow('there is nothing');
  });
});

test('a log that is too short: its node is heard where the system says that it tells', async () => {
  const rig = createMemoryRig(truncate, { system: { refusesDamagedFiles: true } });
  rig.cluster.disks.list = async () => [{ path: logFile, bytes: 4096, contentBytes: 900, age: 0 }];
  let given: Damage | null = null;
  rig.cluster.disks.damage = async (_node, damage) => {
    given = damage;
    return {};
  };
  const planned = rig.plan('one', { parameters: { keepPercent: 10 } });
  expect(planned.value).toMatchObject({ isolate: false });
  expect(planned.impairs.harmed).toBeUndefined();
  await rig.nemesis.begin(planned);
  expect(given).toMatchObject({ type: 'truncate', keepBytes: 512, isTellable: true });
  expect(await rulesOf(rig)).toEqual([]);
});

describe('what the checkers are to know', () => {
  it('who lives without what was durable, and who only works badly', () => {
    const impairsOf = (kind: typeof wipe) =>
      createMemoryRig(kind, { system: trusting }).plan('follower').impairs;
    for (const kind of [bitFlip, truncate, wipe]) {
      const { harmed, down } = impairsOf(kind);
      expect(harmed).toHaveLength(1);
      expect(harmed).toEqual(down);
    }
    expect(impairsOf(torn).harmed).toBeUndefined();
    expect(createMemoryRig(diskSlow).plan('leader').impairs).toEqual({
      ...{ cut: [], down: [], hampered: ['n1'] },
    });
  });
});
