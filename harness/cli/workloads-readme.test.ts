import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, describe, expect, it } from 'vitest';
import { workloads } from '../../workloads/index.ts';
import { driveWorkload, type TestStore } from '../../workloads/test-store.ts';
import { checkHistory } from '../check/check-history.ts';
import { objectWords } from '../systems/object-words.ts';
import { reference } from '../systems/reference.ts';
import type { SizeRequest, Workload } from '../workload.ts';
import { findWorkload } from './find-workload.ts';
import { workloadTools } from './workload-tools.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const readmePath = join(root, 'workloads/README.md');
const readme = readFileSync(readmePath, 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'rafture-readme-test-'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** `rafture test` without flags. */
const usual: SizeRequest = {
  keyCount: null,
  opsPerKey: null,
  concurrency: 10,
  rate: 500,
  timeLimitS: 30,
  opCount: null,
};

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function describeNeeds({ object, fs }: Workload): string {
  return `${fs.join(', ')} of ${object}`;
}

function tables(): string {
  const first = workloads.map((workload) => {
    const { name, model, facts, checkers } = workload;
    const { keyCount, opsPerKey } = workload.size(usual);
    const own = (checkers?.add ?? []).map((checker) => `, \`${checker.name}\``).join('');
    const judges = `\`${model}\`${own}`;
    const size = `${keyCount} × ${opsPerKey}`;
    return row([`\`${name}\``, describeNeeds(workload), judges, size, facts.complexity]);
  });
  const second = workloads.map(({ name, facts: { finds, cannotFind } }) =>
    row([`\`${name}\``, finds.join('; '), cannotFind.join('; ')]),
  );
  return [
    row(['workload', 'needs', 'model, checkers of its own', 'keys × operations', 'the check']),
    '|---|---|---|---|---|',
    ...first,
    '',
    row(['workload', 'finds', 'cannot find']),
    '|---|---|---|',
    ...second,
  ].join('\n');
}

/** Every operation that the reference server offers, with its words. */
function objectsTable(): string {
  const rows = Object.entries(reference.objects).flatMap(([object, fs]) =>
    fs.map((f, at) => {
      const { takes = '', answers = '' } = objectWords[object]?.[f] ?? {};
      return row([at === 0 ? `\`${object}\`` : '', `\`${f}\``, takes, answers]);
    }),
  );
  return [row(['object', 'operation', 'takes', 'answers']), '|---|---|---|---|', ...rows].join(
    '\n',
  );
}

const made: readonly (readonly [string, string, () => string])[] = [
  ['tables', 'end', tables],
  ['objects', 'end of objects', objectsTable],
];

describe('the tables of workloads/README.md', () => {
  it('say what the code says of itself', () => {
    let expected = readme;
    for (const [begin, end, make] of made) {
      const between = new RegExp(`(<!-- ${begin}: .* -->\n)[\\s\\S]*(<!-- ${end} -->)`);
      expect(between.test(readme)).toBe(true);
      expected = expected.replace(between, (_match, first, last) => `${first}${make()}\n${last}`);
    }
    if (process.env['REWRITE'] === '1') writeFileSync(readmePath, expected);
    else expect(readme).toBe(expected);
  });

  it('have words for every operation that there is, and no other', () => {
    const described = Object.entries(objectWords).map(([object, words]) => [
      object,
      Object.keys(words),
    ]);
    expect(Object.fromEntries(described)).toEqual(reference.objects);
  });

  it('tell what each tool takes', () => {
    const section = /\n### The tools\n([\s\S]*?)(?:\n##|$)/.exec(readme)?.[1] ?? '';
    const told = [...section.matchAll(/^\| `(\w+)/gm)].map(([, name]) => name);
    expect(told.sort()).toEqual(Object.keys(workloadTools).sort());
  });
});

const example = /```ts\n(\/\/ seats\.ts[\s\S]*?)```/.exec(readme)?.[1] ?? '';
const path = join(folder, 'seats.ts');
writeFileSync(path, example);

type Seats = readonly unknown[];

/** `isNew` is what a claim is told. */
function hall(isNew: (taken: Seats, seat: unknown, random: () => number) => boolean) {
  const store: TestStore<Seats> = {
    init: [],
    apply: (state, { value, random }) => ({
      state: state.includes(value) ? state : [...state, value],
      answer: { type: 'ok', value, result: isNew(state, value, random) },
    }),
  };
  return store;
}

describe('the workload that workloads/README.md shows', () => {
  it('runs in the simulation, with faults, from the folder that it lies in', async () => {
    const launcher = join(root, 'harness/rafture.js');
    const flags = [
      '--cluster',
      'sim',
      '--time-limit',
      '4',
      '--nemesis-every',
      '150',
      '--seed',
      '1',
    ];
    const args = [launcher, 'test', '--workload', './seats.ts', ...flags];
    const { exitCode, stdout, stderr } = await execa('node', args, { cwd: folder, reject: false });
    expect(stdout, stderr).toContain('VALID');
    expect(stdout).toContain('--workload ./seats.ts');
    expect(exitCode).toBe(0);
    const results = readFileSync(join(folder, 'results/latest/results.json'), 'utf8');
    expect(JSON.parse(results)).toMatchObject({ valid: true });
  }, 60_000);

  it('finds a seat that goes to two clients', async () => {
    const workload = await findWorkload(path);
    const honest = hall((taken, seat) => !taken.includes(seat));
    const twice = hall((taken, seat, random) => !taken.includes(seat) || random() < 0.01);
    const limits = { timeLimitMs: 30_000, memoryLimitBytes: 1e9 };
    const { model } = workload;
    const right = driveWorkload({ workload, store: honest, seed: 1, unknown: 0.02 });
    expect(await checkHistory({ ...limits, model, ops: right.ops })).toMatchObject({ valid: true });
    const wrong = driveWorkload({ workload, store: twice, seed: 1, unknown: 0.02 });
    expect(await checkHistory({ ...limits, model, ops: wrong.ops })).toMatchObject({
      valid: false,
    });
  }, 60_000);
});
