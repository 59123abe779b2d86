import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { FileDisk } from '../host/file-disk.ts';
import type { Envelope } from '../raft/message.ts';
import type { Write } from '../raft/ready.ts';
import { DiskError, type Done } from './disk.ts';
import { Wal } from './wal.ts';
import { WriteQueue } from './write-queue.ts';

const folder = mkdtempSync(join(tmpdir(), 'rafture-queue-'));
const disks: HeldDisk[] = [];

afterEach(() => {
  for (const disk of disks.splice(0)) disk.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A real disk whose syncs wait until the test lets them go, or fails them. */
class HeldDisk extends FileDisk {
  readonly held: ((error: DiskError | null) => void)[] = [];
  appendCount = 0;

  override append(file: string, bytes: Uint8Array, done: Done): void {
    this.appendCount += 1;
    super.append(file, bytes, done);
  }

  override sync(file: string, done: Done): void {
    super.sync(file, (error) => this.held.push((forced) => done(forced ?? error)));
  }

  /** Resolves once the next sync waits here. */
  async nextSync(): Promise<(error: DiskError | null) => void> {
    while (this.held.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const release = this.held.shift();
    if (release === undefined) throw new Error('no sync is held');
    return release;
  }
}

function createQueue() {
  const disk = new HeldDisk(folder);
  disks.push(disk);
  const trace: string[] = [];
  const queue: WriteQueue = new WriteQueue(new Wal(disk, { marker: 1, endOffset: 0 }), {
    written: (id) => trace.push(`written ${id}`),
    release: (messages) => trace.push(`release ${messages.map(({ to }) => to).join(' ')}`),
    drained: () => trace.push('drained'),
    failed: (error) => trace.push(`failed ${error.code}`),
  });
  return { disk, queue, trace };
}

function write(id: number): Write {
  return { id, hardState: { currentTerm: id, votedFor: null }, entries: [] };
}

function messageTo(to: string): readonly Envelope[] {
  return [
    {
      to,
      message: { type: 'requestVoteResponse', term: 1, voteGranted: true, preVote: false },
    },
  ];
}

test('messages leave only after their write and all before it are durable', async () => {
  const { disk, queue, trace } = createQueue();
  queue.push({ write: write(1), messagesAfterWrite: messageTo('n2') });
  queue.push({ write: null, messagesAfterWrite: messageTo('n3') });
  queue.flush();
  const release = await disk.nextSync();
  expect(trace).toEqual([]);
  release(null);
  expect(trace).toEqual(['written 1', 'release n2', 'release n3', 'drained']);
});

test('what comes while an append runs shares the next one', async () => {
  const { disk, queue, trace } = createQueue();
  queue.push({ write: write(1), messagesAfterWrite: [] });
  queue.flush();
  for (const id of [2, 3, 4]) {
    queue.push({ write: write(id), messagesAfterWrite: messageTo(`m${id}`) });
    queue.flush();
  }
  expect(disk.appendCount).toBe(1);
  (await disk.nextSync())(null);
  expect(trace).toEqual(['written 1']);
  (await disk.nextSync())(null);
  expect(disk.appendCount).toBe(2);
  expect(trace.slice(1)).toEqual([
    'written 4',
    'release m2',
    'release m3',
    'release m4',
    'drained',
  ]);
});

test('messages that depend on no write do not wait', () => {
  const { queue, trace } = createQueue();
  queue.push({ write: null, messagesAfterWrite: messageTo('n2') });
  expect(trace).toEqual(['release n2']);
});

test('a failed sync is final: nothing is released, and nothing is tried again', async () => {
  const { disk, queue, trace } = createQueue();
  queue.push({ write: write(1), messagesAfterWrite: messageTo('n2') });
  queue.flush();
  queue.push({ write: write(2), messagesAfterWrite: messageTo('n3') });
  (await disk.nextSync())(new DiskError('EIO', 'wal', 'the sync failed'));
  queue.push({ write: write(3), messagesAfterWrite: messageTo('n4') });
  queue.push({ write: null, messagesAfterWrite: messageTo('n5') });
  queue.flush();
  expect(trace).toEqual(['failed EIO']);
  expect(disk.appendCount).toBe(1);
});
