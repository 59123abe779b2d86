import { expect, test } from 'vitest';
import { createRandomStream, randomInteger } from '../run/random.ts';
import { type LanesLayout, layOutLanes } from './lanes-layout.ts';
import { labelOf } from './operation-words.ts';
import { sampleRun } from './sample-run.ts';

function sampleLayout(): LanesLayout {
  const verdict = sampleRun({ seed: 1, verdict: 'invalid' }).results.linearizability;
  if (verdict?.valid !== false) throw new Error('the sample is not invalid');
  return layOutLanes(verdict.witness);
}

test('the operation that fits nowhere is stuck, and all others have their place', () => {
  const { bars, points } = sampleLayout();
  expect(bars.filter((bar) => bar.fate === 'stuck').map((bar) => bar.operation.id)).toEqual([812]);
  expect(points.map((point) => point.place)).toEqual([1, 2, 3, 4, 5]);
});

test('a bar begins and ends where the history says, relative to every other bar', () => {
  const { bars } = sampleLayout();
  for (const a of bars) {
    for (const b of bars) {
      if (a.operation.return === null) continue;
      expect(a.right < b.left).toBe(a.operation.return < b.operation.call);
    }
  }
});

test('an operation that was never answered runs to the right edge', () => {
  const { bars, width } = sampleLayout();
  expect(bars.find((bar) => bar.operation.return === null)?.right).toBe(width);
});

test('every label fits above its own bar', () => {
  for (const bar of sampleLayout().bars) {
    expect(bar.right - bar.left).toBeGreaterThan(labelOf(bar.operation).length * 7);
  }
});

test('points stand in their order from left to right, each within its own bar', () => {
  const random = createRandomStream(11, 'lanes');
  for (let round = 0; round < 200; round++) {
    // Operations around linearization points 0, 10, 20, …: that order is one by construction.
    const operations = Array.from({ length: 8 }, (_, index) => {
      const call = index * 10 - 1 - 2 * randomInteger(random, 25);
      const end = index * 10 + 2 + 2 * randomInteger(random, 25);
      const open = randomInteger(random, 5) === 0;
      return {
        id: index,
        process: index,
        f: 'write',
        key: 'k',
        value: index,
        output: undefined,
        call: call * 100 + index,
        return: open ? null : end * 100 + index,
      };
    });
    const { bars, points } = layOutLanes({
      operations: operations.toSorted((a, b) => a.call - b.call),
      longestOrder: operations.map(({ id }) => id),
    });
    points.forEach(({ x }, index) => {
      const bar = bars.find(({ operation }) => operation.id === index);
      expect(x).toBeGreaterThan(bar?.left ?? Number.POSITIVE_INFINITY);
      expect(x).toBeLessThan(bar?.right ?? 0);
      expect(x).toBeGreaterThan((points[index - 1]?.x ?? 0) + 10);
    });
  }
});
