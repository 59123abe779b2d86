/**
 * Histories in files for `npm run bench:checker`: a million operations to parse, made here, and
 * the public ones, where they lie beside the checkout.
 */
import { closeSync, existsSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Columns, neverReturned } from '../../checker/columns.ts';
import { historyFormat, historyVersion } from '../../checker/history.ts';
import { generateRegisterColumns } from '../../checker/testing/generate-register-columns.ts';
import type { RowFigures, RowRequest } from './checker-row.ts';

export interface NamedFigures {
  readonly name: string;
  /** The target. */
  readonly seconds: number;
  readonly figures: RowFigures;
}

type RunRow = (request: RowRequest) => Promise<RowFigures>;

const publicHistories = join(import.meta.dirname, '../../../shared/histories');

export async function measureFiles(isQuick: boolean, runRow: RunRow): Promise<NamedFigures[]> {
  const parsed = await measureParsing(isQuick ? 100_000 : 1_000_000, runRow);
  if (!existsSync(publicHistories)) {
    console.log('\nno public histories: there is no ../shared/histories beside the checkout');
    return [parsed];
  }
  const etcd = join(publicHistories, 'jepsen-etcd');
  const kv = join(publicHistories, 'porcupine-kv', 'c50-ok.txt');
  return [
    parsed,
    {
      name: 'the 52 files of jepsen-etcd, check alone',
      seconds: 0.5,
      figures: await runRow({ type: 'public', model: 'cas-register', path: etcd }),
    },
    {
      name: 'c50-ok.txt of Porcupine, check alone',
      seconds: 0.3,
      figures: await runRow({ type: 'public', model: 'kv', path: kv }),
    },
  ];
}

async function measureParsing(operations: number, runRow: RunRow): Promise<NamedFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'rafture-bench-'));
  try {
    const path = join(folder, 'history.jsonl');
    writeHistory(path, operations);
    const name = `parsing ${operations.toLocaleString('en')} operations of JSON lines`;
    return { name, seconds: 3, figures: await runRow({ type: 'read', path }) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The lines that a run would have written. */
function writeHistory(path: string, operations: number): void {
  const columns = generateRegisterColumns({
    operations,
    clients: 20,
    keys: 10,
    writeShare: 0.3,
    casShare: 0.3,
    values: null,
    tellsSeen: true,
    crashedShare: 0.001,
    hasStaleRead: false,
    seed: 1,
  });
  const file = openSync(path, 'w');
  let text = `${JSON.stringify({ format: historyFormat, version: historyVersion })}\n`;
  eventsOf(columns).forEach((event, index) => {
    text += `${lineOf(columns, event, index)}\n`;
    if (text.length < 1 << 20) return;
    writeSync(file, text);
    text = '';
  });
  writeSync(file, text);
  closeSync(file);
}

/** By position: the row, negative and less one for its return. */
function eventsOf({ count, call, return: returned }: Columns): Int32Array {
  const last = returned.reduce((max, end) => (end === neverReturned ? max : Math.max(max, end)), 0);
  const events = new Int32Array(Math.max(last, call[count - 1] ?? 0) + 1);
  for (let row = 0; row < count; row += 1) {
    events[call[row] ?? 0] = row;
    const end = returned[row] ?? neverReturned;
    if (end !== neverReturned) events[end] = -row - 1;
  }
  return events;
}

function lineOf(columns: Columns, event: number, index: number): string {
  const row = event < 0 ? -event - 1 : event;
  const { tables, f, argument, argument2, output, outcome } = columns;
  const name = tables.functions[f[row] ?? 0] ?? '';
  const named = (id: number | undefined): unknown => tables.values.valueOf(id ?? 0);
  const pair = [named(argument[row]), named(argument2[row])];
  const common = {
    index,
    timeNs: index * 12_345,
    process: columns.process[row],
    node: `n${(row % 5) + 1}`,
  };
  const asked = name === 'read' ? null : name === 'cas' ? pair : named(argument[row]);
  const what = { f: name, key: tables.keys[columns.key[row] ?? 0] };
  if (event >= 0) return JSON.stringify({ ...common, type: 'invoke', ...what, value: asked });
  const value = name === 'read' ? named(output[row]) : asked;
  const answer = { swapped: outcome[row] === 2, seen: named(output[row]) };
  const result = name === 'cas' ? { result: answer } : {};
  return JSON.stringify({ ...common, type: 'ok', ...what, value, ...result });
}
