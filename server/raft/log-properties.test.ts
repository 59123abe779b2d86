/**
 * The log against a plain list of entries from index 1, of which nothing is ever forgotten.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Entry } from './entry.ts';
import { RaftLog } from './log.ts';

type Step =
  | { readonly type: 'append'; readonly terms: readonly number[] }
  | { readonly type: 'truncate' | 'compact'; readonly share: number }
  | { readonly type: 'reset'; readonly ahead: number }
  | { readonly type: 'take' };

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    fc.record({
      type: fc.constant('append' as const),
      terms: fc.array(fc.nat({ max: 2 }), { maxLength: 6 }),
    }),
    fc.record({
      type: fc.constantFrom('truncate' as const, 'compact' as const),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
    fc.record({ type: fc.constant('reset' as const), ahead: fc.nat({ max: 5 }) }),
    fc.constant({ type: 'take' } as const),
  ),
  { maxLength: 40 },
);

/** What the log should be: `entries` from index 1 on, the first `base` of them compacted. */
class Model {
  entries: Entry[] = [];
  base = 0;
  written = 0;

  termAt(index: number): number {
    return index === 0 ? 0 : (this.entries[index - 1]?.term ?? -1);
  }

  append(count: number, riseBy: readonly number[]): readonly Entry[] {
    const fresh: Entry[] = [];
    for (let position = 0; position < count; position += 1) {
      const index = this.entries.length + 1;
      const term = Math.max(1, this.termAt(index - 1)) + (riseBy[position] ?? 0);
      const entry: Entry = { index, term, kind: 'command', data: new Uint8Array(index % 7) };
      this.entries.push(entry);
      fresh.push(entry);
    }
    return fresh;
  }
}

function perform(log: RaftLog, model: Model, step: Step): void {
  const last = model.entries.length;
  switch (step.type) {
    case 'append':
      log.append(model.append(step.terms.length, step.terms));
      return;
    case 'truncate': {
      if (last === model.base) return;
      const index = model.base + 1 + Math.floor(step.share * (last - model.base - 1));
      log.truncateFrom(index);
      model.entries.length = index - 1;
      model.written = Math.min(model.written, index - 1);
      return;
    }
    case 'compact': {
      const index = model.base + Math.floor(step.share * (model.written - model.base));
      log.compactTo(index);
      model.base = Math.max(model.base, index);
      return;
    }
    case 'reset': {
      model.append(step.ahead, []);
      model.base = model.entries.length;
      model.written = model.base;
      log.resetTo({ index: model.base, term: model.termAt(model.base) });
      return;
    }
    case 'take':
      expect(log.takeUnwritten()).toEqual(model.entries.slice(model.written));
      model.written = model.entries.length;
  }
}

function compare(log: RaftLog, model: Model): void {
  const last = model.entries.length;
  expect([log.firstIndex, log.lastIndex, log.lastTerm]).toEqual([
    model.base + 1,
    last,
    model.termAt(last),
  ]);
  for (let index = model.base; index <= last; index += 1) {
    const term = model.termAt(index);
    expect(log.termAt(index)).toBe(term);
    expect(log.holds({ index, term })).toBe(true);
    expect(log.holds({ index, term: term + 1 })).toBe(false);
    const found = log.lastIndexWithTermAtMost(last, term);
    expect(found >= index && model.termAt(found) === term).toBe(true);
    expect(found === last || model.termAt(found + 1) > term).toBe(true);
    if (index === model.base) continue;
    const slice = log.sliceByBytes(index, 8);
    expect(slice).toEqual(model.entries.slice(index - 1, index - 1 + slice.length));
    const bytes = slice.reduce((sum, { data }) => sum + data.length, 0);
    expect(slice.length === 1 || bytes <= 8).toBe(true);
  }
  // Below the base terms are forgotten: the answer is there, too, and may be too great.
  for (let index = 0; index < model.base; index += 1) {
    expect(log.lastIndexWithTermAtMost(index, model.termAt(index))).toBe(index);
    expect(log.lastIndexWithTermAtMost(last, model.termAt(index))).toBeGreaterThanOrEqual(index);
    expect(log.holds({ index, term: model.termAt(index) })).toBe(false);
  }
  expect(log.holds({ index: last + 1, term: model.termAt(last) })).toBe(false);
}

test('whatever is appended, cut off, compacted or replaced, the log is its list', () => {
  fc.assert(
    fc.property(steps, (given) => {
      const log = new RaftLog({ index: 0, term: 0 }, []);
      const model = new Model();
      for (const step of given) {
        perform(log, model, step);
        compare(log, model);
      }
    }),
    { numRuns: 200 },
  );
});
