import { expect, test } from 'vitest';
import { type MatrixFlags, parseMatrixFlags } from './flags.ts';
import { type Cell, cellName, mergeFlags, planBatches, planCells, readCell } from './plan.ts';

const bugs = [
  { id: 'lost', workload: 'set', args: ['--rate', '900'], expect: [{ checker: 'linearizable' }] },
  {
    id: 'twice',
    workload: 'set',
    args: ['--time-limit', '30'],
    expect: [{ checker: 'linearizable' }, { checker: 'exits' }, { checker: 'exits' }],
  },
];

function flagsOf(...args: readonly string[]): MatrixFlags {
  const flags = parseMatrixFlags(args);
  if (flags === null) throw new Error('help');
  return flags;
}

function cellNames(cells: readonly Cell[]): string[] {
  return cells.map(({ workload, cluster, bug, runCount }) =>
    [workload, cluster, bug ?? 'clean', runCount].join(' '),
  );
}

test('each workload has a cell in each cluster, and one more for each of its bugs', () => {
  const flags = flagsOf('--clusters', 'process,sim', '--runs', '20', '--bugs', '--bug-runs', '4');
  expect(cellNames(planCells(flags, ['kv', 'set'], bugs))).toEqual([
    ...['kv process clean 20', 'kv sim clean 20'],
    ...['set process clean 20', 'set process lost 4', 'set process twice 4'],
    ...['set sim clean 20', 'set sim lost 4', 'set sim twice 4'],
  ]);
});

test('without --bugs there are none, and with no runs only bugs', () => {
  expect(cellNames(planCells(flagsOf('--runs', '2'), ['set'], bugs))).toEqual([
    'set process clean 2',
  ]);
  const only = flagsOf('--runs', '0', '--bugs', '--bug-runs', '1');
  expect(cellNames(planCells(only, ['set'], bugs))).toEqual([
    'set process lost 1',
    'set process twice 1',
  ]);
});

test('what a bug needs goes before what all have, and what the person says before both', () => {
  const flags = flagsOf('--bugs', '--time-limit', '5', '--', '--rate', '100');
  const [clean, lost, twice] = planCells(flags, ['set'], bugs);
  const place = ['--workload', 'set', '--cluster', 'process'];
  expect(clean?.args).toEqual([...place, '--time-limit', '5', '--rate', '100']);
  const wanted = [...place, '--time-limit', '5', '--rate', '100', '--bug', 'lost'];
  expect(lost?.args).toEqual(wanted);
  const own = [...place, '--time-limit', '30', '--bug', 'twice', '--rate', '100'];
  expect(twice?.args).toEqual(own);
  expect(twice?.expect).toEqual(['linearizable', 'exits']);
});

test('a flag is replaced with its value, in either spelling, and nothing stands twice', () => {
  const first = ['--rate', '5', '--nemesis=kill', '--online'];
  expect(mergeFlags(first, ['--nemesis', 'partition', '--rate=6'])).toEqual([
    ...['--rate=6', '--nemesis', 'partition', '--online'],
  ]);
});

test('a command of the simulation takes many seeds, of the others one', () => {
  const cells = planCells(flagsOf('--clusters', 'process,sim', '--runs', '30'), ['set'], []);
  const batches = planBatches(cells, 7, () => false);
  const process = batches.filter(({ cell }) => cell.cluster === 'process');
  expect(process.map(({ seeds }) => seeds)).toEqual(Array.from({ length: 30 }, (_, i) => [7 + i]));
  const simulated = batches.filter(({ cell }) => cell.cluster === 'sim');
  expect(simulated.map(({ seeds }) => [seeds[0], seeds.at(-1), seeds.length])).toEqual([
    ...[
      [7, 31, 25],
      [32, 36, 5],
    ],
  ]);
});

test('what is done is left out, and a command never runs over a gap', () => {
  const cells = planCells(flagsOf('--clusters', 'sim', '--runs', '6'), ['set', 'kv'], []);
  const isDone = ({ workload }: Cell, seed: number): boolean =>
    workload === 'kv' ? seed < 6 : seed === 3;
  const batches = planBatches(cells, 1, isDone);
  expect(batches.map(({ cell, seeds }) => [cell.workload, ...seeds])).toEqual([
    ...[
      ['set', 1, 2],
      ['set', 4, 5, 6],
      ['kv', 6],
    ],
  ]);
});

test('flags that make no sense are refused with what to write instead', () => {
  for (const [args, words] of [
    [['--runs', 'many'], /--runs takes a whole number from 0 up; not many/],
    [['--jobs', '0'], /--jobs takes a whole number from 1 up/],
    [['--clusters', 'process,moon'], /--clusters takes process, docker, sim; not moon/],
    [['--workloads', 'set,'], /--workloads takes names/],
    [['--bug-runs', '3'], /--bug-runs needs --bugs/],
    [['--nonsense'], /--nonsense/],
    [['set'], /set/],
    [['--runs', '0'], /--runs 0 runs nothing/],
    [['--runs', '0', '--bugs'], /--runs 0 runs nothing/],
  ] as const) {
    expect(() => parseMatrixFlags(args)).toThrow(words);
  }
  expect(parseMatrixFlags(['--help'])).toBe(null);
});

test('flags that each run would contradict the table with are refused, in any spelling', () => {
  for (const [arg, words] of [
    ['--cluster', /--cluster after -- .*say --clusters before the --/],
    ['--workload=set', /--workload after -- /],
    ['-wset', /-w after -- /],
    ['--bug', /say --bugs/],
    ['--seed', /say --seed/],
    ['--timeLimit', /--timeLimit after -- .*say --time-limit/],
    ['--test-count', /say --runs/],
    ['--results', /say --out/],
  ] as const) {
    expect(() => parseMatrixFlags(['--', '--rate', '5', arg])).toThrow(words);
  }
  expect(parseMatrixFlags(['--', '--rate', '5'])?.testFlags).toEqual(['--rate', '5']);
});

test('the name of a cell tells which it was, but for how often it was to run', () => {
  const flags = flagsOf('--clusters', 'sim', '--bugs');
  for (const cell of planCells(flags, ['set'], bugs)) {
    expect(readCell(cellName(cell), bugs)).toEqual({ ...cell, runCount: 0 });
  }
  expect(readCell('something else', bugs)).toBe(null);
});
