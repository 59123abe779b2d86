import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Bug } from './bug.ts';
import { oraclesThatFound } from './finders.ts';
import { bugFamilies, bugs } from './index.ts';
import { readParts, ScoreLedger, ScoreLedgerError } from './score-ledger.ts';
import {
  describeScore,
  type FoundSeed,
  rowOf,
  type ScorePart,
  scoreOf,
  tableOf,
} from './scorecard.ts';
import { renderScorecard } from './scorecard-page.ts';

const bug: Bug = {
  id: 'some-bug',
  title: 'a <b>title</b>',
  mechanism: 'It does what it should not.',
  exposedBy: 'anything',
  workload: 'register',
  args: [],
  citations: ['[Raft §5.4.2]'],
  rows: ['B04'],
  needs: 'cluster',
  expect: [{ checker: 'linearizable' }],
  edits: [],
};

function found(seed: number, ...oracles: string[]): FoundSeed {
  return { seed, oracles, summary: `seen in ${seed}`, repeat: `npx rafture sim --seed ${seed}` };
}

function part(changes: Partial<ScorePart>): ScorePart {
  return {
    ...{ bug: 'some-bug', cluster: 'sim', firstSeed: 1, seeds: 2000, seedsRun: 50, unknown: 2 },
    ...{
      wallSeconds: 10,
      found: [],
      shrunk: null,
      problem: null,
      commit: 'abc',
      code: 'c1',
      ...changes,
    },
  };
}

test('a row counts the seeds from one that shows the bug to the next', () => {
  const seeds = [found(3, 'linearizable'), found(10, 'exits', 'linearizable'), found(50, 'exits')];
  const row = rowOf({ bug, family: 'commit' }, 'sim', [part({ found: seeds })]);
  expect(row).toMatchObject({
    ...{ id: 'some-bug', isFound: true, foundSeeds: 3, seedsRun: 50, firstSeed: 3, unknown: 2 },
    ...{ oracles: ['linearizable', 'exits'], expected: ['linearizable'], rows: ['B04'] },
    // 3, 7 and 40 seeds; a fifth of a second each.
    ...{ medianSeeds: 7, medianSeconds: 1.4, problem: null },
  });
});

test('what was not found, or not run, is no pass', () => {
  const missed = rowOf({ bug, family: 'commit' }, 'sim', [part({})]);
  const broken = rowOf({ bug, family: 'votes' }, 'sim', [part({ problem: 'no server' })]);
  const late = rowOf({ bug, family: 'reads' }, 'sim', [part({ found: [found(900, 'exits')] })]);
  expect(missed).toMatchObject({ isFound: false, medianSeeds: null, medianSeconds: null });
  expect(scoreOf([missed, broken, late])).toMatchObject({
    ...{ bugs: 3, found: 1, soon: 0, missed: ['some-bug', 'some-bug'], alarms: 0, calmSeeds: 0 },
  });
  expect(tableOf([broken])).toContain('| no server | linearizable | 0 of 50 |');
});

test('no seed counts twice, whatever was merged or tried again with more seeds', () => {
  const parts = [
    part({ seeds: 200, seedsRun: 200, found: [found(7, 'exits')] }),
    part({ seedsRun: 2000, found: [found(7, 'exits'), found(900, 'linearizable')] }),
    part({ firstSeed: 2001, seedsRun: 10 }),
    part({ firstSeed: 2001, seedsRun: 10 }),
  ];
  const row = rowOf({ bug, family: 'commit' }, 'sim', parts);
  expect(row).toMatchObject({ seedsRun: 2010, foundSeeds: 2, firstSeed: 7, byExpected: true });
  // An alarm in a part that a longer one covers is not dropped.
  const calm = [
    part({ bug: null, seedsRun: 1000 }),
    part({ bug: null, firstSeed: 501, seedsRun: 600, found: [found(900, 'exits')] }),
  ];
  expect(rowOf({ bug: null, family: null }, 'sim', calm)).toMatchObject({
    seedsRun: 1100,
    foundSeeds: 1,
  });
  const [first = part({})] = parts;
  const strange = rowOf({ bug, family: 'commit' }, 'sim', [first]);
  expect(strange, 'nobody expected it of exits').toMatchObject({ byExpected: false });
  expect(scoreOf([row, strange])).toMatchObject({ found: 2, byExpected: 1 });
});

test('a server without a bug that shows one is an alarm', () => {
  const calm = rowOf({ bug: null, family: null }, 'sim', [
    part({ bug: null, seedsRun: 1000 }),
    part({ bug: null, firstSeed: 1001, seedsRun: 1000, found: [found(1500, 'exits')] }),
  ]);
  const score = scoreOf([calm]);
  expect(score).toMatchObject({ bugs: 0, calmSeeds: 2000, alarms: 1 });
  expect(score.calmUnknown).toBe(4);
  expect(describeScore(score)).toContain('1 alarms in 2,000 seeds');
  expect(tableOf([calm])).toContain('| `clean` |  | exits |  | 1 of 2,000 | 4 |');
});

test('an unknown counts where it is expected, and by its words', () => {
  const says = /serves nobody/;
  const expecting = { expect: [{ checker: 'stats', says, valid: 'unknown' as const }] };
  const word = { oracle: 'stats', valid: 'unknown' as const, summary: 'it serves nobody' };
  expect(oraclesThatFound(expecting, [word])).toEqual(['stats']);
  expect(oraclesThatFound(expecting, [{ ...word, summary: 'too little' }])).toEqual([]);
  expect(oraclesThatFound(expecting, [{ ...word, oracle: 'faults' }])).toEqual([]);
  expect(oraclesThatFound(bug, [word])).toEqual([]);
  expect(oraclesThatFound(bug, [{ ...word, valid: false }])).toEqual(['stats']);
});

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'rafture-score-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test('a ledger goes on where it was stopped, with the same sources alone', () => {
  const folder = makeFolder();
  const codeOf = (id: string | null): string => (id === 'rewritten' ? 'c1+b2' : 'c1');
  const ledger = new ScoreLedger(folder, { resume: false, codeOf });
  ledger.add(part({}));
  ledger.add(part({ bug: 'other', problem: 'it could not be run' }));
  ledger.add(part({ bug: 'rewritten', code: 'c1+b1' }));
  // A process that was killed leaves half a line.
  appendFileSync(join(folder, 'bugs.jsonl'), '{"bug":"cut');
  expect(() => new ScoreLedger(folder, { resume: false, codeOf })).toThrow(/--resume/);
  const others = { resume: true, codeOf: () => 'c2' };
  expect(() => new ScoreLedger(folder, others)).toThrow(/other sources \(abc\)/);
  const again = new ScoreLedger(folder, { resume: true, codeOf });
  expect(again.parts).toHaveLength(2);
  expect(again.has(part({}))).toBe(true);
  expect(again.has(part({ seeds: 3 }))).toBe(false);
  expect(again.has(part({ bug: 'rewritten' })), 'its edits are others now').toBe(false);
  expect(again.has(part({ bug: 'other' })), 'it is to be tried again').toBe(false);
  again.add(part({ bug: 'other', found: [found(1, 'exits')] }));
  const parts = readParts(folder);
  expect(parts.map(({ bug: id, problem }) => [id, problem])).toEqual([
    ['some-bug', null],
    ['other', null],
    ['rewritten', null],
  ]);
});

test('a ledger that is none is told with its line', () => {
  const folder = makeFolder();
  appendFileSync(join(folder, 'bugs.jsonl'), '{"bug":1}\n');
  expect(() => readParts(folder)).toThrow(ScoreLedgerError);
  expect(() => readParts(folder)).toThrow(/bugs\.jsonl:1 is no part/);
});

test('the page tells of each row, and lets no text be markup', () => {
  const row = rowOf({ bug, family: 'commit' }, 'sim', [part({ found: [found(3, 'exits')] })]);
  const page = renderScorecard({
    rows: [row],
    bugs: [bug],
    commit: 'abc',
    command: 'rafture bugs',
  });
  expect(page).toContain('1 of 1');
  expect(page).toContain('a &lt;b&gt;title&lt;/b&gt;');
  expect(page).toContain('npx rafture sim --seed 3');
  expect(page).not.toMatch(/https?:\/\/[^<]*"/);
});

/** Beside a checkout only. */
function catalogue(): string | null {
  try {
    return readFileSync(new URL('../../../shared/bug-catalogue.md', import.meta.url), 'utf8');
  } catch {
    return null;
  }
}

const rows = (catalogue() ?? '').match(/^\| B\d+/gm)?.map((text) => text.slice(2)) ?? [];

test.skipIf(rows.length === 0)(
  'every row of the catalogue is planted or excused (skipped: it is not there)',
  async () => {
    const { excusedRows } = await import('./excused.ts');
    const planted = new Set(bugs.flatMap((each) => each.rows));
    const excused = new Set(excusedRows.map(({ row }) => row));
    const neither = rows.filter((row) => !planted.has(row) && !excused.has(row));
    expect(neither).toEqual([]);
    expect([...planted].filter((row) => excused.has(row))).toEqual([]);
  },
);

test('each bug is cited, and each family has some', () => {
  expect(bugs.filter(({ citations }) => citations.length === 0).map(({ id }) => id)).toEqual([]);
  for (const [family, own] of Object.entries(bugFamilies)) {
    expect(own.length, family).toBeGreaterThan(2);
  }
});
