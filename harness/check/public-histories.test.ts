/**
 * Histories that other people recorded, with verdicts that are known, read as anybody would read
 * them. They lie beside the checkout and are no part of it; where they are not, these tests are
 * skipped.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createChecker } from '../../checker/linearizable.ts';
import type { Verdict } from '../../checker/verdict.ts';
import { readHistory } from './formats/read-history.ts';
import { loadModel } from './load-model.ts';

const root = join(import.meta.dirname, '../../../shared/histories');
const isThere = existsSync(root);
const title = isThere ? '' : ' (skipped: there is no ../shared/histories beside the checkout)';

interface Known {
  /** Below the root. */
  readonly path: string;
  readonly format: string;
  readonly model: string;
  readonly initial?: unknown;
  readonly isLinearizable: boolean;
}

async function check(known: Known): Promise<Verdict> {
  const history = await readHistory(join(root, known.path));
  expect(history.format, known.path).toBe(known.format);
  const model = await loadModel(known.model, known.initial);
  const { columns, failed } = history;
  const checker = createChecker({ columns, failed, model, searchStepsMax: 3_000_000 });
  for (;;) {
    const verdict = checker.step(1_000_000);
    if (verdict !== null) return verdict;
  }
}

async function expectVerdicts(all: readonly Known[]): Promise<void> {
  for (const known of all) {
    const verdict = await check(known);
    expect(verdict.valid, known.path).toBe(known.isLinearizable);
    if (verdict.valid === false) expect(verdict.witness.confirmedBy, known.path).not.toBeNull();
  }
}

function filesIn(folder: string): string[] {
  return isThere ? readdirSync(join(root, folder)).map((name) => join(folder, name)) : [];
}

function knossos(folder: string, model: string, initial?: unknown): Known[] {
  return filesIn(join('knossos', folder)).map((path) => ({
    path,
    format: 'edn',
    model,
    initial,
    isLinearizable: folder.endsWith('good'),
  }));
}

const etcd: readonly Known[] = isThere
  ? readFileSync(join(root, 'jepsen-etcd/EXPECTED.tsv'), 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(([, verdict]) => verdict === 'valid' || verdict === 'invalid')
      .map(([name = '', verdict]) => ({
        path: join('jepsen-etcd', name),
        format: 'jepsen-log',
        model: 'cas-register',
        isLinearizable: verdict === 'valid',
      }))
  : [];

describe.skipIf(!isThere)(`public histories get their known verdicts${title}`, () => {
  test('every run of Jepsen against etcd', async () => {
    expect(etcd.length).toBe(52);
    await expectVerdicts(etcd);
  });

  test('every cas-register history of Knossos, which begins with 0', async () => {
    const all = ['good', 'bad'].flatMap((verdict) =>
      knossos(`cas-register/${verdict}`, 'cas-register', 0),
    );
    expect(all.length).toBeGreaterThan(20);
    await expectVerdicts(all);
  });

  test('every mutex history of Knossos', async () => {
    const all = knossos('mutex/bad', 'mutex');
    expect(all.length).toBeGreaterThan(0);
    await expectVerdicts(all);
  });

  test('every key-value history of Porcupine', async () => {
    const all = filesIn('porcupine-kv').map((path) => ({
      path,
      format: 'porcupine',
      model: 'kv',
      isLinearizable: path.endsWith('-ok.txt'),
    }));
    expect(all.length).toBe(5);
    await expectVerdicts(all);
  });
});
