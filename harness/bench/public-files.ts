/**
 * The public histories that have a target, read as far as the benchmark needs: etcd's of Jepsen,
 * where a cas that failed says that the value was another one, and Porcupine's key-value ones.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Op } from '../../checker/history.ts';
import { type PairedHistory, pairHistory } from '../../checker/pairing.ts';

export interface KnownHistory {
  readonly name: string;
  readonly history: PairedHistory;
  readonly isLinearizable: boolean;
}

type Entry = Omit<Op, 'index' | 'timeNs' | 'process'> & { readonly process: number };

/** All files of which the verdict is known. */
export function readEtcdHistories(folder: string): KnownHistory[] {
  const table = readFileSync(join(folder, 'EXPECTED.tsv'), 'utf8').trim().split('\n');
  return table.map((line) => {
    const [name = '', verdict] = line.trim().split(/\s+/);
    const lines = readFileSync(join(folder, name), 'utf8').split('\n');
    const history = pair(lines.flatMap(parseEtcdLine));
    return { name, history, isLinearizable: verdict === 'valid' };
  });
}

/** The verdict is in the file's name. */
export function readKvHistory(path: string): KnownHistory {
  const history = pair(readFileSync(path, 'utf8').split('\n').flatMap(parseKvLine));
  return { name: path, history, isLinearizable: path.includes('-ok') };
}

/** A process that goes on after an unknown operation gets a new number. */
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

function parseEtcdLine(line: string): Entry[] {
  const match = /- (\d+)\s+:(invoke|ok|fail|info)\s+:(\w+)\s+(.*)$/.exec(line);
  if (match === null) return [];
  const [, process, typeText, f = '', text = ''] = match;
  const isTimeout = text.includes(':timed-out');
  const numbers = [...text.matchAll(/nil|-?\d+/g)].map(([word]) =>
    word === 'nil' ? null : Number(word),
  );
  const value = isTimeout ? null : text.startsWith('[') ? numbers : (numbers[0] ?? null);
  const type = parseType(typeText ?? '');
  const entry = { process: Number(process), type, f, value };
  if (f === 'read') return [{ ...entry, type: isTimeout ? 'fail' : type }];
  if (f !== 'cas' || type === 'invoke' || type === 'info') return [entry];
  return [{ ...entry, type: 'ok', result: { swapped: type === 'ok' } }];
}

/** A key that is not there reads as an empty text. */
function parseKvLine(line: string): Entry[] {
  const match =
    /:process (\d+), :type :(\w+), :f :(\w+), :key "([^"]*)", :value (?:"([^"]*)"|nil)/.exec(line);
  if (match === null) return [];
  const [, process, type, f = '', key = '', text = ''] = match;
  const value = text === '' && f === 'get' ? null : text;
  return [{ process: Number(process), type: parseType(type ?? ''), f, key, value }];
}

function parseType(text: string): Op['type'] {
  if (text === 'invoke' || text === 'ok' || text === 'fail' || text === 'info') return text;
  throw new Error(`unknown type ${text}`);
}
