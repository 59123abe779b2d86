import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { madeSeed } from './made-seeds.ts';
import { SeriesPlan, type SeriesRange } from './series-plan.ts';

const range: SeriesRange = {
  first: 1,
  count: 10,
  shard: { part: 1, parts: 1 },
  untilFound: null,
};

function allOf(plan: SeriesPlan): readonly number[] {
  const seeds: number[] = [];
  for (let seed = plan.next(); seed !== null; seed = plan.next()) seeds.push(seed);
  return seeds;
}

describe('the plan of a series', () => {
  it('gives out every seed once, in order', () => {
    expect(allOf(new SeriesPlan({ ...range, first: 7, count: 4 }))).toEqual([7, 8, 9, 10]);
  });

  it('gives out no seed that has a record already, and counts it', () => {
    const plan = new SeriesPlan(range);
    for (const seed of [2, 3, 99]) plan.add(madeSeed(seed));
    expect(plan.left).toBe(8);
    expect(allOf(plan)).toEqual([1, 4, 5, 6, 7, 8, 9, 10]);
    expect(plan.records().map(({ seed }) => seed)).toEqual([2, 3]);
  });

  it('has shards that share no seed and leave none out, whatever their number', () => {
    fc.assert(
      fc.property(
        fc.nat(50),
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 9 }),
        test,
      ),
    );
    function test(first: number, count: number, parts: number): void {
      const seeds: number[] = [];
      for (let part = 1; part <= parts; part++) {
        const plan = new SeriesPlan({ ...range, first, count, shard: { part, parts } });
        const own = allOf(plan);
        expect(own.length).toBe(plan.size);
        seeds.push(...own);
      }
      const all = Array.from({ length: count }, (_, place) => first + place);
      expect(seeds.toSorted((one, other) => one - other)).toEqual(all);
    }
  });

  it('ends with the k-th that found something, in whatever order the seeds have ended', () => {
    const failing = new Set([3, 4, 6, 9]);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.infiniteStream(fc.nat(3)), (jobs, picks) => {
        const plan = new SeriesPlan({ ...range, untilFound: 2 });
        const running: number[] = [];
        for (;;) {
          while (running.length < jobs) {
            const seed = plan.next();
            if (seed === null) break;
            running.push(seed);
          }
          if (running.length === 0) break;
          const pick = (picks.next().value ?? 0) % running.length;
          for (const seed of running.splice(pick, 1)) {
            plan.add(madeSeed(seed, failing.has(seed) ? 'invalid' : 'valid'));
          }
        }
        expect(plan.records().map(({ seed }) => seed)).toEqual([1, 2, 3, 4]);
      }),
    );
  });

  it('wants no seed behind the one that ends it', () => {
    const plan = new SeriesPlan({ ...range, untilFound: 1 });
    plan.add(madeSeed(5, 'invalid'));
    expect([4, 5, 6].map((seed) => plan.isWanted(seed))).toEqual([true, true, false]);
    plan.add(madeSeed(2, 'invalid'));
    expect([2, 3].map((seed) => plan.isWanted(seed))).toEqual([true, false]);
  });
});
