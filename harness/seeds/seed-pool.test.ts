import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { SeedPool, type SeedPoolOptions } from './seed-pool.ts';
import type { SeedAnswer } from './worker-words.ts';

const folder = mkdtempSync(join(tmpdir(), 'rafture-seed-pool-test-'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A program that answers a seed with its double, unless `body` does something else with it. */
function programOf(name: string, body: string): string {
  const path = join(folder, `${name}.mjs`);
  writeFileSync(
    path,
    `import { appendFileSync } from 'node:fs';
     const say = (word) => process.send(word);
     let task;
     process.on('disconnect', () => process.exit(0));
     process.on('message', (order) => {
       if (order.kind === 'task') {
         task = order.task;
         appendFileSync(${JSON.stringify(join(folder, `${name}.pids`))}, process.pid + '\\n');
         return say({ kind: 'ready' });
       }
       const { seed } = order;
       ${body}
       say({ kind: 'result', seed, ms: 1, result: seed * 2 });
     });`,
  );
  return path;
}

/** The processes that have run the program. */
function pidsOf(name: string): readonly number[] {
  return readFileSync(join(folder, `${name}.pids`), 'utf8')
    .trim()
    .split('\n')
    .map(Number);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

interface Rest extends Partial<SeedPoolOptions<string, number>> {
  readonly count?: number;
  readonly patienceMs?: number;
  readonly seedsMax?: number;
}

/** What became of the seeds from 1 on, by seed. */
async function answersOf(
  path: string,
  { count = 12, patienceMs = 60_000, seedsMax = 1000, ...rest }: Rest = {},
): Promise<readonly SeedAnswer<number>[]> {
  const answers: SeedAnswer<number>[] = [];
  let next = 1;
  const { onAnswer, ...others } = rest;
  const pool = new SeedPool<string, number>({
    program: { path, task: 'double', patienceMs, seedsMax },
    jobs: 2,
    nextSeed: () => (next <= count ? next++ : null),
    isWanted: () => true,
    onAnswer: (answer) => {
      answers.push(answer);
      onAnswer?.(answer);
    },
    signal: new AbortController().signal,
    ...others,
  });
  await pool.run();
  return answers.toSorted((one, other) => one.seed - other.seed);
}

const crashesOf = (answers: readonly SeedAnswer<number>[]): readonly (readonly unknown[])[] =>
  answers.flatMap((answer) => (answer.kind === 'crashed' ? [[answer.seed, answer.reason]] : []));

const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, at) => at + 1);

describe('a pool of seeds', () => {
  it('answers each seed once, and leaves no process behind', async () => {
    const answers = await answersOf(programOf('double', ''));
    const results = answers.map((answer) => answer.kind === 'result' && answer.result);
    expect(answers.map(({ seed }) => seed)).toEqual(upTo(12));
    expect(results).toEqual(upTo(12).map((seed) => seed * 2));
    await vi.waitFor(() => expect(pidsOf('double').filter(isAlive)).toEqual([]));
  });

  it('tells of a worker that dies its seed and last words, and goes on with the rest', async () => {
    const die = "if (seed === 5) { console.error('Error: out of luck'); process.exit(7); }";
    const answers = await answersOf(programOf('die', die));
    expect(answers.map(({ seed }) => seed)).toEqual(upTo(12));
    expect(crashesOf(answers)).toEqual([[5, 'Error: out of luck; its worker ended with 7']]);
  });

  it('tells a worker that was killed from outside', async () => {
    const killed = "if (seed === 3) { process.kill(process.pid, 'SIGKILL'); return; }";
    const answers = await answersOf(programOf('killed', killed));
    expect(answers.map(({ seed }) => seed)).toEqual(upTo(12));
    expect(crashesOf(answers)).toEqual([[3, 'its worker ended with SIGKILL']]);
  });

  it('ends a worker that hangs, and blames the seed that it was at, not the next', async () => {
    const hang = 'if (seed === 4) for (;;);';
    const answers = await answersOf(programOf('hang', hang), { patienceMs: 1000 });
    expect(answers.map(({ seed }) => seed)).toEqual(upTo(12));
    expect(crashesOf(answers)).toEqual([[4, 'it hung, and was ended after 1 s']]);
  });

  it('replaces a worker in which a seed threw: what it left must not reach the next', async () => {
    const fail = `if (seed === 2) {
      process.send({ kind: 'failed', seed, reason: 'boom' }, () => process.exit(1));
      return;
    }
    if (globalThis.failed) throw new Error('ran after a failure');`;
    const answers = await answersOf(programOf('fail', fail), { jobs: 1 });
    expect(answers.map(({ seed }) => seed)).toEqual(upTo(12));
    expect(crashesOf(answers)).toEqual([[2, 'boom']]);
    expect(pidsOf('fail').length).toBe(2);
  });

  it('loses no seed when every one of them crashes', async () => {
    const answers = await answersOf(programOf('all-die', 'process.exit(1);'), { count: 6 });
    expect(crashesOf(answers).map(([seed]) => seed)).toEqual(upTo(6));
  });

  it('takes another process after so many seeds', async () => {
    const path = programOf('grows', '');
    const answers = await answersOf(path, { jobs: 1, seedsMax: 5 });
    expect(answers.map(({ seed }) => seed)).toEqual(upTo(12));
    expect(crashesOf(answers)).toEqual([]);
    expect(pidsOf('grows').length).toBe(3);
  });

  it('says why a worker cannot start, and does not blame a seed', async () => {
    const path = join(folder, 'broken.mjs');
    writeFileSync(path, "throw new Error('no such luck');");
    const seen: unknown[] = [];
    const run = answersOf(path, { onAnswer: (answer) => seen.push(answer) });
    await expect(run).rejects.toThrow(/a worker cannot start: Error: no such luck/);
    expect(seen).toEqual([]);
  });

  it('ends at once when it is aborted, with no word of what was under way', async () => {
    const abort = new AbortController();
    const path = programOf('aborted', 'if (seed > 4) for (;;);');
    const answers = await answersOf(path, {
      signal: abort.signal,
      onAnswer: ({ seed }) => {
        if (seed === 3) abort.abort();
      },
    });
    expect(crashesOf(answers)).toEqual([]);
    expect(answers.length).toBeLessThanOrEqual(4);
    await vi.waitFor(() => expect(pidsOf('aborted').filter(isAlive)).toEqual([]));
  });

  it('waits for no seed that nobody wants any more', async () => {
    let last = 12;
    const path = programOf('unwanted', 'if (seed > 3) for (;;);');
    const answers = await answersOf(path, {
      isWanted: (seed) => seed <= last,
      onAnswer: ({ seed }) => {
        if (seed === 3) last = 3;
      },
      count: 6,
    });
    expect(answers.map(({ seed }) => seed)).toEqual([1, 2, 3]);
    expect(crashesOf(answers)).toEqual([]);
  });
});
