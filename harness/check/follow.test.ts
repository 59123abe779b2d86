import { appendFileSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Op } from '../../checker/history.ts';
import { type Followed, type FollowRequest, followHistory } from './follow.ts';
import type { GrowingProgress } from './follow-check.ts';
import { FileSource } from './follow-file.ts';

let folder = '';
let path = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rafture-follow-'));
  path = join(folder, 'history.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true }));

const header = '{"format":"rafture-history","version":1}\n';

function linesOf(ops: readonly Op[]): string {
  return ops.map((op) => `${JSON.stringify(op)}\n`).join('');
}

/** One operation after the other: writes of 1, 2, 3, … and a read of each on one key. */
function sequential(operations: number, first = 0, stale = false): Op[] {
  return Array.from({ length: operations }, (_, at): Op[] => {
    const number = first + at;
    const isRead = number % 2 === 1;
    const value = (number >> 1) + (isRead && stale && at === operations - 1 ? 0 : 1);
    const common = { process: 0, f: isRead ? 'read' : 'write', key: 'x', timeNs: number };
    return [
      { ...common, index: 2 * number, type: 'invoke', value: isRead ? null : value },
      { ...common, index: 2 * number + 1, type: 'ok', value },
    ];
  }).flat();
}

/** Follows; `reached` resolves when so many lines were checked. */
function follow(request: Partial<FollowRequest> = {}): {
  readonly done: Promise<Followed>;
  readonly stop: () => void;
  reached(lines: number): Promise<void>;
  /** Resolves when the file was found not to be there. */
  readonly missing: Promise<void>;
} {
  const abort = new AbortController();
  let checkedTo = 0;
  let wake = (): void => {};
  const missing = Promise.withResolvers<void>();
  const done = followHistory({
    from: path,
    limits: { model: 'cas-register', timeLimitMs: 60_000, memoryLimitBytes: 1e9 },
    stop: abort.signal,
    idleLimitMs: null,
    onProgress: (progress: GrowingProgress) => {
      checkedTo = progress.checkedTo;
      wake();
    },
    onMissing: missing.resolve,
    ...request,
  });
  return {
    done,
    stop: () => abort.abort(),
    missing: missing.promise,
    reached: async (lines) => {
      while (checkedTo < lines) {
        await Promise.race([
          done,
          new Promise<void>((resolve) => {
            wake = resolve;
          }),
        ]);
      }
    },
  };
}

test('a file is checked as it grows, and gets its verdict when it is stopped', async () => {
  writeFileSync(path, header + linesOf(sequential(10)));
  const following = follow();
  await following.reached(20);
  appendFileSync(path, linesOf(sequential(10, 10)));
  await following.reached(40);
  following.stop();
  const { verdict, stoppedEarly, history } = await following.done;
  expect(verdict).toMatchObject({ valid: true, operations: 20 });
  expect([stoppedEarly, history.lines]).toEqual([false, 40]);
});

test('the first violation ends it, although nobody said that the file is complete', async () => {
  writeFileSync(path, header + linesOf(sequential(10)));
  const following = follow();
  await following.reached(20);
  appendFileSync(path, linesOf(sequential(2, 10, true)));
  const { verdict, stoppedEarly } = await following.done;
  expect(verdict).toMatchObject({ valid: false, operations: 12, witness: { key: 'x' } });
  expect(stoppedEarly).toBe(true);
});

test('a file that is not there yet is waited for', async () => {
  const following = follow();
  await following.missing;
  writeFileSync(path, header + linesOf(sequential(4)));
  await following.reached(8);
  following.stop();
  expect((await following.done).verdict).toMatchObject({ valid: true, operations: 4 });
});

test('a line that is cut off is waited for; at the end it is left out, with a note', async () => {
  const [torn = '', ...rest] = linesOf(sequential(1, 10)).split(/(?<=ty)/);
  writeFileSync(path, header + linesOf(sequential(10)) + torn);
  const first = follow();
  await first.reached(20);
  first.stop();
  const { history, verdict } = await first.done;
  expect(history.notes.join()).toContain('line 22 is cut off');
  expect(verdict).toMatchObject({ valid: true, operations: 10 });
  const second = follow();
  await second.reached(20);
  appendFileSync(path, rest.join(''));
  await second.reached(22);
  second.stop();
  expect((await second.done).verdict).toMatchObject({ valid: true, operations: 11 });
});

test('a run of rafture test has ended when its results are there', async () => {
  writeFileSync(path, header + linesOf(sequential(10)));
  writeFileSync(join(folder, 'test.json'), '{}');
  const following = follow();
  await following.reached(20);
  appendFileSync(path, linesOf(sequential(2, 10)));
  writeFileSync(join(folder, 'results.json'), '{}');
  expect((await following.done).verdict).toMatchObject({ valid: true, operations: 12 });
});

test('a file that nobody writes to any more ends after the idle limit', async () => {
  writeFileSync(path, header + linesOf(sequential(3)));
  const { verdict } = await follow({ idleLimitMs: 1 }).done;
  expect(verdict).toMatchObject({ valid: true, operations: 3 });
});

test('a stream ends by itself, and a violation in it ends it before', async () => {
  const whole = new PassThrough();
  whole.end(header + linesOf(sequential(6)));
  expect((await follow({ from: whole }).done).verdict).toMatchObject({
    valid: true,
    operations: 6,
  });
  const open = new PassThrough();
  open.write(header + linesOf(sequential(6, 0, true)));
  expect(await follow({ from: open }).done).toMatchObject({
    stoppedEarly: true,
    verdict: { valid: false },
  });
});

test('what is malformed is refused with its line, at once', async () => {
  writeFileSync(path, `${header}${linesOf(sequential(2))}{"index":4}\n`);
  await expect(follow().done).rejects.toThrow('line 6: "timeNs" must be a number');
  writeFileSync(
    path,
    header + linesOf([{ ...sequential(1)[0], f: 'jump' } as Op, ...sequential(1).slice(1)]),
  );
  await expect(follow().done).rejects.toThrow('line 3: process 0 completes write');
});

test('a file that becomes shorter is refused: somebody has replaced it', async () => {
  writeFileSync(path, header + linesOf(sequential(10)));
  const following = follow();
  await following.reached(20);
  truncateSync(path, 100);
  await expect(following.done).rejects.toThrow('became shorter');
});

test('pieces of a file stay as they were read when the next one comes', async () => {
  const pieces: Buffer[] = [];
  const source = new FileSource({
    path,
    isComplete: () => false,
    idleLimitMs: null,
    signal: new AbortController().signal,
    onBytes: (bytes) => pieces.push(bytes),
    onMissing: () => {},
  });
  writeFileSync(path, header.slice(0, 5));
  expect(await source.take()).toBe(true);
  appendFileSync(path, header.slice(5));
  expect(await source.take()).toBe(true);
  expect(await source.take()).toBe(false);
  await source.close();
  expect(Buffer.concat(pieces).toString()).toBe(header);
});
