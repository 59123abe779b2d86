import { expect, test } from 'vitest';
import type { MatrixRun } from './ledger.ts';
import type { Cell } from './plan.ts';
import { describeFailure, type FilledCell, isFailure, isGood, renderMatrix } from './table.ts';

function cell(rest: Partial<Cell>): Cell {
  const plain = { workload: 'set', cluster: 'process', bug: null, expect: [], args: [] } as const;
  return { ...plain, runCount: 2, ...rest };
}

function run(seed: number, rest: Partial<MatrixRun> = {}): MatrixRun {
  return {
    cell: 'c',
    seed,
    outcome: 'valid',
    by: [],
    found: [],
    reason: '',
    seconds: 4.2,
    folder: null,
    repeat: `npx rafture test --seed ${seed}`,
    ...rest,
  };
}

function found(seed: number, ...names: string[]): MatrixRun {
  return run(seed, { outcome: 'invalid', by: names, found: names, reason: 'element 7 was lost' });
}

const unknown = run(2, { outcome: 'unknown', by: ['recovery'], reason: 'n1 did not come back' });

function filled(of: Cell, ...runs: MatrixRun[]): FilledCell {
  return { cell: of, runs, refused: null };
}

test('a row for each workload, a column for each cluster without a bug and one with', () => {
  const twoBugs = ['lost', 'twice'].map((bug) =>
    filled(cell({ bug, expect: ['linearizable'] }), found(1, 'linearizable'), run(2)),
  );
  const rows = [
    filled(cell({}), run(1), run(2)),
    ...twoBugs,
    filled(cell({ workload: 'kv' }), run(1), run(2)),
    filled(cell({ workload: 'kv', cluster: 'sim' }), run(1), run(2)),
  ];
  expect(renderMatrix(rows).split('\n')).toEqual([
    '| workload | process | process, planted bugs | sim |',
    '| --- | --- | --- | --- |',
    '| set | 2 of 2 valid, 8 s | lost: 1 of 2 found by linearizable 1, 8 s<br>' +
      'twice: 1 of 2 found by linearizable 1, 8 s | – |',
    '| kv | 2 of 2 valid, 8 s | – | 2 of 2 valid, 8 s |',
  ]);
});

test('a run without a bug that is not valid stands out, with who said so and its repeat', () => {
  const lost = run(3, { ...found(3, 'linearizable', 'exits'), found: [], folder: '/r/3' });
  const text = renderMatrix([filled(cell({ runCount: 3 }), run(1), unknown, lost)]);
  expect(text).toContain(
    '**1 of 3 valid (unknown by recovery 1, invalid by linearizable and exits 1), 13 s**',
  );
  expect(text).toContain('- set process clean seed 2: unknown: n1 did not come back');
  expect(text).toContain(
    'seed 3: invalid: element 7 was lost\n  `npx rafture test --seed 3`\n  /r/3',
  );
});

test('a bug is found when each checker that must find it has, in one run at least', () => {
  const bug = cell({ bug: 'lost', expect: ['linearizable', 'convergence'] });
  const both = [found(1, 'linearizable'), found(2, 'convergence')];
  expect(isGood(filled(bug, ...both))).toBe(true);
  const rest = [found(3, 'convergence'), found(4, 'convergence')];
  const four = { ...bug, runCount: 4 };
  expect(renderMatrix([filled(four, ...both, ...rest)])).toContain(
    'lost: 4 of 4 found by convergence 3, linearizable 1, 17 s |',
  );
  const one = filled(bug, found(1, 'linearizable'), run(2));
  expect(isGood(one)).toBe(false);
  expect(renderMatrix([one])).toContain(
    '**lost: 1 of 2 found by linearizable 1, never by convergence, 8 s**',
  );
  expect(isGood(filled(bug, run(1), run(2)))).toBe(false);
});

test('a bug that somebody else found is a failure, one that a run missed is none', () => {
  const bug = cell({ bug: 'lost', expect: ['linearizable'] });
  const other = run(2, { outcome: 'invalid', by: ['exits'], reason: 'n1 ended by itself' });
  expect(isFailure(bug, other)).toBe(true);
  expect(isFailure(bug, run(1))).toBe(false);
  expect(isFailure(bug, found(1, 'linearizable'))).toBe(false);
  expect(renderMatrix([filled(bug, found(1, 'linearizable'), other)])).toContain(
    'lost: 1 of 2 found by linearizable 1 (invalid by exits 1), 8 s',
  );
});

test('cells that did not run whole, or were refused, are not good', () => {
  const half = filled(cell({}), run(1));
  expect(isGood(half)).toBe(false);
  expect(renderMatrix([half])).toContain('**1 of 1 valid, 1 not run, 4 s**');
  const refused = { ...filled(cell({})), refused: 'needs pop | of set' };
  expect(isGood(refused)).toBe(false);
  expect(renderMatrix([refused])).toContain('**refused: needs pop \\| of set**');
});

test('a reason as long as a book is cut', () => {
  const long = run(1, { outcome: 'invalid', reason: 'x'.repeat(5000) });
  expect(describeFailure(cell({}), long).length).toBeLessThan(800);
});
