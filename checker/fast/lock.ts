/**
 * The verdict on a lock with fencing tokens and its store. Neither knows of the other, so both
 * together have an order exactly when each has one. [HW90]
 */
import type { FastInput, FastResult } from '../model.ts';
import { describeGrantConflict } from './lock-conflict.ts';
import { orderGrants } from './lock-grants.ts';
import { createLockRows } from './lock-rows.ts';
import { describeWriteConflict } from './lock-write-conflict.ts';
import { orderWrites } from './lock-writes.ts';
import { mergePlacements } from './placement.ts';

export function decideLock({ columns }: FastInput): FastResult {
  const rows = createLockRows(columns);
  const grants = orderGrants(columns, rows);
  if (grants.type === 'conflict') {
    const finding = describeGrantConflict({ columns, rows }, grants.conflict);
    return { type: 'invalid', finding };
  }
  const writes = orderWrites(columns, rows);
  if (writes.type === 'conflict') {
    const finding = describeWriteConflict({ columns, rows }, writes.conflict);
    return { type: 'invalid', finding };
  }
  return { type: 'valid', order: mergePlacements(grants.placed, writes.placed) };
}
