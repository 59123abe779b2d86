import { expect, test } from 'vitest';
import type { Operation } from './history.ts';
import { cas, history, read, write } from './testing/operations.ts';
import { createRandom } from './testing/random-history.ts';
import { type LanesLayout, layOutLanes } from './witness-lanes.ts';
import { labelOf } from './witness-words.ts';

function sampleLayout(): LanesLayout {
  return layOutLanes({
    operations: history(
      write(40, [0, 5]),
      write(43, [11]),
      write('a long value, which needs room', [20, 29]),
      cas([41, 44], [35, 60], { swapped: false, seen: 43 }),
      read(40, [42, 52]),
    ),
    longestOrder: [0, 2, 1, 3],
    states: ['null', '40', '"a long value, which needs room"', '43', '43'],
  });
}

test('the operation that fits nowhere is stuck, and all others have their place', () => {
  const { bars, points } = sampleLayout();
  expect(bars.filter((bar) => bar.fate === 'stuck').map((bar) => bar.operation.id)).toEqual([4]);
  expect(points.map((point) => point.place)).toEqual([1, 2, 3, 4]);
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

test('every label fits above its own bar, and every state between its points', () => {
  const { bars, states } = sampleLayout();
  for (const bar of bars) {
    const { length } = labelOf(bar.operation).slice(0, 38);
    expect(bar.right - bar.left).toBeGreaterThan(length * 7);
  }
  for (const { left, right, label } of states) {
    expect(right - left).toBeGreaterThan(label.length * 7);
  }
});

test('points stand in their order from left to right, each within its own bar', () => {
  const random = createRandom(11);
  const drawn = (): number => Math.floor(random() * 25);
  for (let round = 0; round < 200; round += 1) {
    // Operations around linearization points 0, 10, 20, …: that order is one by construction.
    const operations = Array.from({ length: 8 }, (_, index): Operation => {
      const call = index * 10 - 1 - 2 * drawn();
      const end = index * 10 + 2 + 2 * drawn();
      return {
        id: index,
        process: index,
        f: 'write',
        key: 'k',
        value: index,
        output: undefined,
        call: call * 100 + index,
        return: random() < 0.2 ? null : end * 100 + index,
      };
    });
    const { bars, points } = layOutLanes({
      operations: operations.toSorted((a, b) => a.call - b.call),
      longestOrder: operations.map(({ id }) => id),
      states: ['null', ...operations.map(({ id }) => String(id))],
    });
    points.forEach(({ x }, index) => {
      const bar = bars.find(({ operation }) => operation.id === index);
      expect(x).toBeGreaterThan(bar?.left ?? Number.POSITIVE_INFINITY);
      expect(x).toBeLessThan(bar?.right ?? 0);
      expect(x).toBeGreaterThan((points[index - 1]?.x ?? 0) + 10);
    });
  }
});
