/**
 * The families of histories that `npm run bench:checker` measures, and the targets among them.
 */
import type { RegisterRun } from '../../checker/testing/generate-register-columns.ts';

export interface BenchRow {
  readonly family: string;
  readonly model: string;
  readonly run: RegisterRun;
  /** How the history was made. */
  readonly expected: boolean;
}

export interface Target {
  readonly name: string;
  readonly seconds: number;
  readonly megabytes: number | null;
  /** Rows that must all reach it. */
  includes(row: BenchRow): boolean;
}

interface Family {
  readonly name: string;
  readonly model: string;
  readonly mix: Pick<RegisterRun, 'writeShare' | 'casShare' | 'values' | 'tellsSeen'>;
  readonly sizes: readonly Size[];
}

interface Size {
  readonly operations: number;
  readonly keys: number;
  readonly clients: readonly number[];
  readonly crashed: readonly number[];
}

const crashes = [0, 0.001, 0.01, 0.05];

const families: readonly Family[] = [
  {
    name: 'register',
    model: 'register',
    mix: { writeShare: 0.5, casShare: 0, values: null, tellsSeen: false },
    sizes: [
      { operations: 10_000, keys: 1, clients: [5, 100], crashed: [0, 0.05] },
      { operations: 100_000, keys: 1, clients: [10, 100], crashed: crashes },
      { operations: 1_000_000, keys: 1, clients: [10, 100], crashed: crashes },
      { operations: 1_000_000, keys: 100, clients: [100], crashed: [0, 0.05] },
    ],
  },
  {
    name: 'cas-seen',
    model: 'cas-register',
    mix: { writeShare: 0.3, casShare: 0.3, values: null, tellsSeen: true },
    sizes: [
      { operations: 10_000, keys: 1, clients: [5, 100], crashed: [0, 0.05] },
      { operations: 100_000, keys: 1, clients: [25], crashed: [0, 0.05] },
      { operations: 1_000_000, keys: 1, clients: [10, 100], crashed: crashes },
      { operations: 1_000_000, keys: 100, clients: [100], crashed: [0, 0.05] },
    ],
  },
  {
    name: 'cas',
    model: 'cas-register',
    mix: { writeShare: 0.3, casShare: 0.3, values: null, tellsSeen: false },
    sizes: [
      { operations: 10_000, keys: 1, clients: [5, 100], crashed: [0, 0.05] },
      { operations: 100_000, keys: 1, clients: [10, 100], crashed: crashes },
      { operations: 1_000_000, keys: 1, clients: [10, 100], crashed: crashes },
      { operations: 1_000_000, keys: 100, clients: [100], crashed: [0, 0.05] },
    ],
  },
  {
    name: 'values-0-4',
    model: 'cas-register',
    mix: { writeShare: 1 / 3, casShare: 1 / 3, values: 5, tellsSeen: false },
    sizes: [
      { operations: 1000, keys: 1, clients: [10, 25, 50, 100], crashed: [0, 0.05] },
      { operations: 10_000, keys: 1, clients: [5, 10, 20, 30, 50, 100], crashed: crashes },
      { operations: 100_000, keys: 1, clients: [10], crashed: [0, 0.01] },
      { operations: 1_000_000, keys: 100, clients: [100], crashed: [0, 0.01] },
    ],
  },
];

export const familyNames: readonly string[] = families.map(({ name }) => name);

/** Of one family, or of all; a quick run has up to 100,000 operations and fewer of them. */
export function benchRows(family: string | null, isQuick: boolean): BenchRow[] {
  const rows = families
    .filter(({ name }) => family === null || name === family)
    .flatMap((one) => one.sizes.flatMap((size) => rowsOf(one, size)));
  return isQuick ? rows.filter(isQuickRow) : rows;
}

function rowsOf({ name, model, mix }: Family, size: Size): BenchRow[] {
  const { operations, keys } = size;
  return size.clients.flatMap((clients) =>
    size.crashed.flatMap((crashedShare) =>
      [false, true].map((hasStaleRead) => ({
        family: name,
        model,
        run: { operations, keys, clients, crashedShare, hasStaleRead, ...mix, seed: 1 },
        expected: !hasStaleRead,
      })),
    ),
  );
}

function isQuickRow({ run }: BenchRow): boolean {
  const isShort = run.operations <= (run.values === null ? 100_000 : 10_000);
  return isShort && run.clients <= 30 && (run.crashedShare === 0 || run.crashedShare === 0.05);
}

const million = 1_000_000;
const isMillion = ({ run }: BenchRow, keys: number): boolean =>
  run.operations === million && run.keys === keys;
const isFewValues = ({ family, run }: BenchRow, clients: number): boolean =>
  family === 'values-0-4' && run.operations === 10_000 && run.clients === clients;

export const targets: readonly Target[] = [
  {
    name: 'register, unique values, one key, 1M operations, 5 % crashed',
    seconds: 0.5,
    megabytes: 120,
    includes: (row) =>
      row.family === 'register' && isMillion(row, 1) && row.run.crashedShare === 0.05,
  },
  {
    name: 'the same with compare-and-set, any row',
    seconds: 10,
    megabytes: 500,
    includes: (row) => (row.family === 'cas' || row.family === 'cas-seen') && isMillion(row, 1),
  },
  {
    name: 'values 0-4, 10k operations, 30 clients',
    seconds: 2,
    megabytes: null,
    includes: (row) => isFewValues(row, 30),
  },
  {
    name: 'values 0-4, 10k operations, 50 clients',
    seconds: 20,
    megabytes: null,
    includes: (row) => isFewValues(row, 50),
  },
  {
    name: '1M operations over 100 keys, any family',
    seconds: 2,
    megabytes: null,
    includes: (row) => isMillion(row, 100),
  },
];
