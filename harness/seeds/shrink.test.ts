import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { World } from '../simulation/world.ts';
import { type Candidate, type ShrinkOptions, type ShrinkOutcome, shrink } from './shrink.ts';
import type { ScriptedFault } from './shrink-faults.ts';
import { neededItems, smallestNumber } from './shrink-search.ts';
import { drawPlan } from './sim-plan.ts';

const numbers = fc.uniqueArray(fc.integer({ min: 0, max: 60 }), { maxLength: 40 });

describe('what is needed of a list', () => {
  it('is exactly the items that a failure takes, in their order', async () => {
    await fc.assert(
      fc.asyncProperty(numbers, fc.infiniteStream(fc.boolean()), async (items, coins) => {
        const needed = items.filter(() => coins.next().value === true);
        const holds = async (left: readonly number[]) =>
          needed.every((each) => left.includes(each));
        expect(await neededItems(items, holds)).toEqual(needed);
      }),
    );
  });

  it('can do without no single item, whatever the failure is', async () => {
    const property = fc.asyncProperty(numbers, fc.func(fc.boolean()), async (items, decide) => {
      const holds = async (left: readonly number[]) =>
        left.length === items.length || decide([...left].sort());
      const left = await neededItems(items, holds);
      expect(await holds(left)).toBe(true);
      for (const item of left) {
        expect(await holds(left.filter((each) => each !== item))).toBe(false);
      }
    });
    await fc.assert(property);
  });
});

it('the smallest number is found where more never hurts', async () => {
  const some = fc.integer({ min: 0, max: 1000 });
  const property = fc.asyncProperty(some, some, some, async (least, limit, more) => {
    const known = Math.max(least, limit) + more;
    let calls = 0;
    const holds = async (number: number) => {
      calls++;
      return number >= limit;
    };
    expect(await smallestNumber(least, known, holds)).toBe(Math.max(least, Math.min(limit, known)));
    expect(calls).toBeLessThan(14);
  });
  await fc.assert(property);
});

const calm: World = { drop: 0, duplicate: 0, snapshot: 1000 };

function faultNamed(at: number): ScriptedFault {
  const named = { family: 'kill', variant: 'one', chance: at, begin: 10 * at, lasts: 15 };
  return { ...named, parameters: { nodes: [`n${1 + (at % 5)}`] } };
}

const faults = Array.from({ length: 12 }, (_, at) => faultNamed(at));
const first: Candidate = {
  plan: {
    ...drawPlan(7, { workloads: ['register'] }, { nodes: 5, ops: 500, concurrency: 10 }),
    ...{ keys: 5, opsPerKey: 100, world: { drop: 0.05, duplicate: 0.02, snapshot: 10 } },
  },
  faults: null,
};

interface Played extends ShrinkOutcome {
  readonly ran: readonly Candidate[];
}

/** Shrinks what fails by this rule; each fault is known both ways. */
async function play(
  fails: (candidate: Candidate) => boolean,
  over: Partial<ShrinkOptions> = {},
): Promise<Played> {
  const ran: Candidate[] = [];
  const outcome = await shrink(first, {
    ...{ calm, runsMax: 2000, tries: 2, isOver: () => false, onRun: () => {} },
    run: async (candidate) => {
      ran.push(candidate);
      return fails(candidate);
    },
    faultsOf: async () =>
      faults.map((asked) => ({ asked, spelled: { ...asked, chance: null, variant: 'leader' } })),
    ...over,
  });
  return { ...outcome, ran };
}

const has = ({ faults: some }: Candidate, at: number): boolean =>
  some === null || some.some(({ begin }) => begin === 10 * at);

describe('shrinking', () => {
  it('finds what a failure takes and nothing else', async () => {
    const { best, isSmallest } = await play(
      (candidate) =>
        has(candidate, 2) &&
        has(candidate, 5) &&
        candidate.plan.nodes >= 3 &&
        candidate.plan.ops >= 61 &&
        (candidate.plan.world.snapshot ?? 0) < 100 &&
        candidate.plan.concurrency >= 2,
    );
    expect(isSmallest).toBe(true);
    expect(best.plan).toMatchObject({ nodes: 3, ops: 61, concurrency: 2, keys: 1, timeLimitS: 1 });
    expect(best.plan.world).toEqual({ drop: 0, duplicate: 0, snapshot: 10 });
    expect(best.faults?.map(({ begin, lasts, chance }) => [begin, lasts, chance])).toEqual([
      [20, 1, null],
      [50, 1, null],
    ]);
  });

  it('keeps the schedule where no script fails alike, and narrows the rest', async () => {
    const { best, isSmallest } = await play(
      ({ plan, faults: some }) => some === null && plan.ops > 9,
    );
    expect(isSmallest).toBe(true);
    expect(best.faults).toBe(null);
    expect(best.plan).toMatchObject({ nodes: 1, ops: 10, concurrency: 1 });
  });

  it('takes another seed where the first does not do for less', async () => {
    const { best } = await play(({ plan }) => plan.seed === (plan.nodes === 5 ? 7 : 1));
    expect(best.plan).toMatchObject({ nodes: 1, seed: 1 });
  });

  it('returns what it has seen to fail or the first, within its runs, whatever fails', async () => {
    const rule = fc.func(fc.boolean());
    const budget = fc.integer({ min: 0, max: 150 });
    const property = fc.asyncProperty(rule, budget, async (decide, runsMax) => {
      const asked = (candidate: Candidate) => decide(JSON.stringify(candidate));
      const { best, runs, ran } = await play(asked, { runsMax });
      expect(runs).toBe(ran.length);
      expect(runs).toBeLessThanOrEqual(runsMax);
      expect(new Set(ran.map((each) => JSON.stringify(each))).size).toBe(ran.length);
      expect(best === first || (ran.includes(best) && asked(best))).toBe(true);
    });
    await fc.assert(property);
  });

  it('takes the same way each time', async () => {
    const odd = ({ plan }: Candidate) => (plan.ops + plan.nodes) % 3 !== 0;
    expect((await play(odd)).ran).toEqual((await play(odd)).ran);
  });

  it('ends when somebody wants no more of it', async () => {
    let runs = 0;
    const { isSmallest, ran } = await play(() => true, {
      isOver: () => runs >= 3,
      onRun: () => {
        runs++;
      },
    });
    expect(ran).toHaveLength(3);
    expect(isSmallest).toBe(false);
  });
});
