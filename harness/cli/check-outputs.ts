/**
 * What `rafture check` writes besides its verdict: the picture of a violation, and the order that
 * makes a history valid, for whoever wants to see for themselves.
 */
import { closeSync, existsSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Columns, operationAt } from '../../checker/columns.ts';
import type { ValidVerdict, Verdict } from '../../checker/verdict.ts';
import { renderWitnessSvg } from '../../checker/witness-svg.ts';

/** Draws the violation. A note when that was not possible. */
export function writeSvg(path: string, verdict: Verdict): string[] {
  if (verdict.valid !== false) return [`${path} was not written: there is no violation to draw`];
  return whileWriting(path, () => writeFileSync(path, renderWitnessSvg(verdict.witness)));
}

/** Writes the order of a valid verdict. A note when that was not possible. */
export function writeOrder(path: string, verdict: Verdict, columns: Columns): string[] {
  if (verdict.valid !== true) return [`${path} was not written: no order is known that is valid`];
  return whileWriting(path, () => writeLinearization(path, verdict, columns));
}

/** The verdict is there: it is not lost because a disk is full. */
function whileWriting(path: string, write: () => void): string[] {
  try {
    write();
    return [];
  } catch (error) {
    return [`cannot write ${path}: ${error instanceof Error ? error.message : String(error)}`];
  }
}

/** What is wrong with a path to write to, in words; null when nothing is. */
export function describeBadOutput(flag: string, path: string | undefined): string | null {
  if (path === undefined) return null;
  if (path === '') return `${flag} must name a file`;
  const folder = dirname(path);
  return existsSync(folder) ? null : `${flag}: there is no folder ${folder}`;
}

/** A line for each operation, in the order of their linearization points, key by key. */
function writeLinearization(path: string, verdict: ValidVerdict, columns: Columns): void {
  const file = openSync(path, 'w');
  try {
    let text = '';
    for (const { order } of verdict.linearizations) {
      for (const id of order) {
        text += `${describeLine(columns, id)}\n`;
        if (text.length < 1 << 16) continue;
        writeSync(file, text);
        text = '';
      }
    }
    writeSync(file, text);
  } finally {
    closeSync(file);
  }
}

function describeLine(columns: Columns, id: number): string {
  const operation = operationAt(columns, rowOf(columns, id));
  const { key, process, f, value, output, return: end } = operation;
  const answer = end === null ? { open: true } : { output };
  return JSON.stringify({ id, key, process, f, value, ...answer });
}

/** Rows are sorted by invocation, which is what an id is. */
function rowOf({ id: ids, count }: Columns, id: number): number {
  let low = 0;
  let high = count - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ids[middle] ?? 0) < id) low = middle + 1;
    else high = middle;
  }
  return low;
}
