import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { type CrashPointName, noCrashPoints } from '../crash-points.ts';
import { FileDisk } from '../host/file-disk.ts';
import type { SnapshotMeta } from '../raft/entry.ts';
import type { Envelope } from '../raft/message.ts';
import type { Write } from '../raft/ready.ts';
import { DiskError, type Done } from './disk.ts';
import { recoverWal } from './wal-recovery.ts';
import { openLog, testEntry } from './wal-test-log.ts';
import { WriteQueue } from './write-queue.ts';

const folders: string[] = [];
const disks: HeldDisk[] = [];

afterEach(() => {
  for (const disk of disks.splice(0)) disk.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** A real disk whose syncs wait until the test lets them go, or fails them. */
class HeldDisk extends FileDisk {
  readonly held: ((error: DiskError | null) => void)[] = [];
  holding = false;
  syncCount = 0;

  override sync(file: string, done: Done): void {
    this.syncCount += 1;
    super.sync(file, (error) => {
      if (this.holding) this.held.push((forced) => done(forced ?? error));
      else done(error);
    });
  }

  /** Resolves once the next sync waits here. */
  async nextSync(): Promise<(error: DiskError | null) => void> {
    while (this.held.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const release = this.held.shift();
    if (release === undefined) throw new Error('no sync is held');
    return release;
  }
}

interface Rig {
  readonly disk: HeldDisk;
  readonly queue: WriteQueue;
  readonly trace: string[];
  readonly reached: CrashPointName[];
  /** Calls of the snapshot store that have not ended. */
  readonly installs: { readonly index: number; readonly done: Done }[];
}

async function createRig(): Promise<Rig> {
  const folder = mkdtempSync(join(tmpdir(), 'rafture-queue-'));
  const disk = new HeldDisk(folder);
  folders.push(folder);
  disks.push(disk);
  const trace: string[] = [];
  const reached: CrashPointName[] = [];
  const installs: { index: number; done: Done }[] = [];
  const { wal, repair } = recoverWal(disk, {
    random: { next: () => 0.5 },
    crashPoints: noCrashPoints,
    snapshot: null,
    segmentBytes: 65_536,
  });
  await new Promise((resolve) => repair(resolve));
  disk.holding = true;
  disk.syncCount = 0;
  const queue = new WriteQueue(
    wal,
    {
      install: (index, done) => {
        trace.push(`install ${index}`);
        installs.push({ index, done });
      },
    },
    {
      written: (id) => trace.push(`written ${id}`),
      release: (messages) => trace.push(`release ${messages.map(({ to }) => to).join(' ')}`),
      drained: () => trace.push('drained'),
      failed: (error) => trace.push(`failed ${error.code}`),
    },
    { reach: (name) => reached.push(name) },
  );
  return { disk, queue, trace, reached, installs };
}

function write(id: number, parts: Partial<Write> = {}): Write {
  const hardState = { currentTerm: id, votedFor: null };
  return { id, hardState, snapshot: null, entries: [], ...parts };
}

function metaOf(lastIncludedIndex: number, lastIncludedTerm: number): SnapshotMeta {
  const configuration = { voters: ['n1'], outgoingVoters: [], learners: [], addresses: {} };
  return { lastIncludedIndex, lastIncludedTerm, configuration: { index: 0, configuration } };
}

function messageTo(to: string): readonly Envelope[] {
  return [
    {
      to,
      message: { type: 'requestVoteResponse', term: 1, voteGranted: true, preVote: false },
    },
  ];
}

async function drained({ queue, trace }: Rig): Promise<void> {
  while (!queue.empty) await new Promise((resolve) => setImmediate(resolve));
  expect(trace.pop()).toBe('drained');
}

test('messages leave only after their write and all before it are durable', async () => {
  const rig = await createRig();
  const { disk, queue, trace } = rig;
  queue.push({ write: write(1), messagesAfterWrite: messageTo('n2') });
  queue.push({ write: null, messagesAfterWrite: messageTo('n3') });
  queue.flush();
  const release = await disk.nextSync();
  expect(trace).toEqual([]);
  expect(queue.writing).toBe(true);
  release(null);
  await drained(rig);
  expect(trace).toEqual(['written 1', 'release n2', 'release n3']);
});

test('what comes while an append runs shares the next one', async () => {
  const rig = await createRig();
  const { disk, queue, trace } = rig;
  queue.push({ write: write(1), messagesAfterWrite: [] });
  queue.flush();
  for (const id of [2, 3, 4]) {
    queue.push({ write: write(id), messagesAfterWrite: messageTo(`m${id}`) });
    queue.flush();
  }
  (await disk.nextSync())(null);
  expect(trace).toEqual(['written 1']);
  (await disk.nextSync())(null);
  await drained(rig);
  expect(disk.syncCount).toBe(2);
  expect(trace.slice(1)).toEqual(['written 4', 'release m2', 'release m3', 'release m4']);
});

test('messages that depend on no write do not wait', async () => {
  const { queue, trace } = await createRig();
  queue.push({ write: null, messagesAfterWrite: messageTo('n2') });
  expect(trace).toEqual(['release n2']);
});

test('once nothing waits the last record is marked, and only then is the queue empty', async () => {
  const rig = await createRig();
  const { disk, queue } = rig;
  queue.push({ write: write(1), messagesAfterWrite: [] });
  queue.flush();
  (await disk.nextSync())(null);
  expect(queue.writing).toBe(false);
  expect(queue.empty).toBe(false);
  queue.push({ write: null, messagesAfterWrite: messageTo('n2') });
  expect(rig.trace).toEqual(['written 1', 'release n2']);
  await drained(rig);
  const { wal } = openLog(disk);
  expect(wal.unmarked).toBe(false);
  expect(disk.syncCount).toBe(1);
});

test('a snapshot is installed after the writes before it and before the log is reset', async () => {
  const rig = await createRig();
  const { disk, queue, trace, reached, installs } = rig;
  queue.push({ write: write(1), messagesAfterWrite: [] });
  const snapshot = metaOf(7, 2);
  queue.push({ write: write(2, { snapshot }), messagesAfterWrite: messageTo('n2') });
  const entries = [testEntry(8, 2)];
  queue.push({ write: write(3, { entries }), messagesAfterWrite: messageTo('n3') });
  queue.flush();
  (await disk.nextSync())(null);
  expect(trace).toEqual(['written 1', 'install 7']);
  expect(openLog(disk).base.index).toBe(0);
  expect(reached).toEqual(['wal.before-hard-state', 'wal.after-hard-state']);
  installs[0]?.done(null);
  (await disk.nextSync())(null);
  await drained(rig);
  expect(trace.slice(2)).toEqual(['written 3', 'release n2', 'release n3']);
  expect(reached.slice(2)).toEqual([
    'snapshot.after-install-before-log-reset',
    'wal.before-hard-state',
    'wal.after-hard-state',
    'snapshot.after-install',
  ]);
  const found = openLog(disk, { snapshot: { index: 7, term: 2 } });
  expect(found.base).toEqual({ index: 7, term: 2 });
  expect(found.entries.map(({ index }) => index)).toEqual([8]);
});

test('a snapshot that can not be installed ends the queue before the log is touched', async () => {
  const { disk, queue, trace, installs } = await createRig();
  queue.push({ write: write(1, { snapshot: metaOf(7, 1) }), messagesAfterWrite: messageTo('n2') });
  queue.flush();
  installs[0]?.done(new DiskError('ENOSPC', 'snapshot', 'no room'));
  queue.push({ write: write(2), messagesAfterWrite: [] });
  queue.flush();
  expect(trace).toEqual(['install 7', 'failed ENOSPC']);
  expect(disk.syncCount).toBe(0);
});

test('a failed sync is final: nothing is released, and nothing is tried again', async () => {
  const { disk, queue, trace } = await createRig();
  queue.push({ write: write(1), messagesAfterWrite: messageTo('n2') });
  queue.flush();
  queue.push({ write: write(2), messagesAfterWrite: messageTo('n3') });
  (await disk.nextSync())(new DiskError('EIO', 'wal', 'the sync failed'));
  queue.push({ write: write(3), messagesAfterWrite: messageTo('n4') });
  queue.push({ write: null, messagesAfterWrite: messageTo('n5') });
  queue.flush();
  expect(trace).toEqual(['failed EIO']);
  expect(disk.syncCount).toBe(1);
});

test('what is pushed by an event waits its turn, behind what was released before it', async () => {
  const rig = await createRig();
  const { disk, queue, trace } = rig;
  queue.push({ write: write(1), messagesAfterWrite: messageTo('n2') });
  queue.flush();
  const release = await disk.nextSync();
  const push = trace.push.bind(trace);
  trace.push = (line) => {
    if (line === 'written 1') queue.push({ write: null, messagesAfterWrite: messageTo('later') });
    return push(line);
  };
  release(null);
  await drained(rig);
  expect([...trace]).toEqual(['written 1', 'release n2', 'release later']);
});
