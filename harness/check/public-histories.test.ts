/**
 * Histories that other people recorded, with verdicts that are known. They lie beside the
 * checkout and are no part of it; where they are not, these tests are skipped.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { operationAt, selectRows } from '../../checker/columns.ts';
import type { Op, OpType } from '../../checker/history.ts';
import { createChecker } from '../../checker/linearizable.ts';
import type { Model } from '../../checker/model.ts';
import { createCasRegister } from '../../checker/models/register.ts';
import { type PairedHistory, pairHistory } from '../../checker/pairing.ts';
import type { Verdict } from '../../checker/verdict.ts';

const root = join(import.meta.dirname, '../../../shared/histories');
const isThere = existsSync(root);
const title = isThere ? '' : ' (skipped: there is no ../shared/histories beside the checkout)';

interface Entry {
  readonly process: number;
  readonly type: OpType;
  readonly f: string;
  readonly value: unknown;
  readonly result?: unknown;
}

/** Jepsen lets a process go on after an unknown operation; here it gets a new number. */
function pair(entries: readonly Entry[]): PairedHistory {
  const names = new Map<number, number>();
  let next = 1_000_000;
  const ops = entries.map((entry, index): Op => {
    const process = names.get(entry.process) ?? entry.process;
    if (entry.type === 'info') {
      names.set(entry.process, next);
      next += 1;
    }
    return { index, timeNs: index, ...entry, process };
  });
  return pairHistory(ops);
}

function check({ columns, failed }: PairedHistory, model: Model): Verdict {
  const checker = createChecker({ columns, failed, model, searchStepsMax: 3_000_000 });
  for (;;) {
    const verdict = checker.step(1_000_000);
    if (verdict !== null) return verdict;
  }
}

function expectVerdict(verdict: Verdict, isLinearizable: boolean): void {
  expect(verdict.valid).toBe(isLinearizable);
  if (verdict.valid === false) expect(verdict.witness.confirmedBy).not.toBeNull();
}

/** nil, 3, or [1 2]. */
function parseEdnValue(text: string): unknown {
  const words = text
    .replaceAll(/[[\],]/g, ' ')
    .trim()
    .split(/\s+/);
  const values = words.map((word) => (word === 'nil' ? null : Number(word)));
  return text.includes('[') ? values : values[0];
}

/** A failed cas in these logs asserts that the value was not the old one. */
function parseEtcdLine(line: string): Entry[] {
  const match = /- (\d+)\s+:(\w+)\s+:(\w+)\s+(.*)$/.exec(line);
  if (match === null) return [];
  const [, process, type, f, text] = match;
  const isTimeout = text?.includes(':timed-out') ?? false;
  const value = isTimeout ? null : parseEdnValue(text ?? 'nil');
  const entry = { process: Number(process), type: parseType(type), f: f ?? '', value };
  if (entry.f !== 'cas')
    return [{ ...entry, type: isTimeout && f === 'read' ? 'fail' : entry.type }];
  if (entry.type === 'ok') return [{ ...entry, result: { swapped: true } }];
  if (entry.type === 'fail') return [{ ...entry, type: 'ok', result: { swapped: false } }];
  return [entry];
}

function parseType(text: string | undefined): OpType {
  if (text === 'invoke' || text === 'ok' || text === 'fail' || text === 'info') return text;
  throw new Error(`unknown type ${text}`);
}

const etcdExpected = isThere
  ? readFileSync(join(root, 'jepsen-etcd/EXPECTED.tsv'), 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(([, verdict]) => verdict === 'valid' || verdict === 'invalid')
  : [];

test.skipIf(!isThere)(`every Jepsen run against etcd gets its known verdict${title}`, () => {
  expect(etcdExpected.length).toBeGreaterThan(50);
  for (const [name, expected] of etcdExpected) {
    const lines = readFileSync(join(root, 'jepsen-etcd', name ?? ''), 'utf8').split('\n');
    const history = pair(lines.flatMap(parseEtcdLine));
    expectVerdict(check(history, createCasRegister()), expected === 'valid');
  }
});

/** Maps of keywords and numbers are all there is in those files. */
function parseKnossos(text: string): Entry[] {
  const maps = text.replaceAll(/;.*$/gm, '').match(/\{[^}]*\}/g) ?? [];
  return maps.flatMap((map) => {
    const field = (name: string): string =>
      new RegExp(`:${name}\\s+(\\[[^\\]]*\\]|[^\\s,}]+)`).exec(map)?.[1] ?? '';
    if (!/^\d+$/.test(field('process'))) return [];
    const type = parseType(field('type').slice(1));
    const f = field('f').slice(1);
    const value = parseEdnValue(field('value').startsWith(':') ? 'nil' : field('value'));
    const entry = { process: Number(field('process')), type, f, value };
    return f === 'cas' && type === 'ok' ? [{ ...entry, result: { swapped: true } }] : [entry];
  });
}

const knossosFiles = isThere
  ? ['good', 'bad'].flatMap((folder) =>
      readdirSync(join(root, 'knossos/cas-register', folder)).map((name) => ({ folder, name })),
    )
  : [];

test.skipIf(!isThere)(
  `every cas-register history of Knossos gets its known verdict${title}`,
  () => {
    expect(knossosFiles.length).toBeGreaterThan(20);
    for (const { folder, name } of knossosFiles) {
      const text = readFileSync(join(root, 'knossos/cas-register', folder, name), 'utf8');
      const paired = pair(parseKnossos(text));
      // A read of nil matches anything there, so it says nothing.
      const rows = Array.from({ length: paired.columns.count }, (_, row) => row);
      const telling = rows.filter((row) => {
        const { f, output, return: end } = operationAt(paired.columns, row);
        return f !== 'read' || end === null || output !== null;
      });
      const columns = selectRows(paired.columns, telling);
      const verdict = check({ ...paired, columns }, createCasRegister(0));
      expectVerdict(verdict, folder === 'good');
    }
  },
);
