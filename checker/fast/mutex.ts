/** The verdict on a mutex: the run that decides, and the explanation when it got stuck. */
import type { FastInput, FastResult } from '../model.ts';
import { describeMutexConflict } from './mutex-conflict.ts';
import { createMutexRows } from './mutex-rows.ts';
import { runMutex } from './mutex-run.ts';

export function decideMutex({ columns }: FastInput): FastResult {
  const kinds = createMutexRows(columns);
  const run = runMutex(columns, kinds);
  if (run.stuck < 0) return { type: 'valid', order: run.order };
  return { type: 'invalid', finding: describeMutexConflict({ columns, kinds, run }) };
}
