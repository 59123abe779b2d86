import { expect, it } from 'vitest';
import type { SizeRequest } from '../harness/workload.ts';
import { expectedOps, sizeOf } from './sizes.ts';

const request: SizeRequest = {
  keyCount: null,
  opsPerKey: null,
  concurrency: 10,
  rate: 500,
  timeLimitS: 60,
  opCount: null,
};

it('takes what the workload likes where the user said nothing', () => {
  const size = sizeOf(request, { keyCount: 4, opsPerKey: 90, why: 'because' });
  expect(size).toEqual({ keyCount: 4, opsPerKey: 90, unknownPerKey: null, notes: ['because'] });
});

it('takes what the user said, and the number of unknown operations from the workload', () => {
  const said = { ...request, keyCount: 1, opsPerKey: 7 };
  const size = sizeOf(said, { keyCount: 4, opsPerKey: 90, unknownPerKey: 2, why: ['a', 'b'] });
  expect(size).toEqual({ keyCount: 1, opsPerKey: 7, unknownPerKey: 2, notes: ['a', 'b'] });
  expect(sizeOf(request, { keyCount: 4, opsPerKey: 90 }).notes).toEqual([]);
});

it('expects as many operations as the rate allows in the time, or as were asked for', () => {
  expect(expectedOps(request)).toBe(30_000);
  expect(expectedOps({ ...request, opCount: 100 })).toBe(100);
  expect(expectedOps({ ...request, opCount: 40_000 })).toBe(30_000);
  expect(expectedOps({ ...request, rate: 0.5, timeLimitS: 3 })).toBe(2);
  expect(expectedOps({ ...request, rate: null, timeLimitS: 2 })).toBeGreaterThan(5000);
});
