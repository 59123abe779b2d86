import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandomStream, randomInteger } from '../run/random.ts';
import { createSchedule } from './create-schedule.ts';
import type { OfferedFamily, ScheduleOptions } from './offered-faults.ts';
import { type Schedule, type ScheduledAction, StallDetector } from './schedule.ts';
import { meanFor, Pace } from './schedule-pace.ts';
import { swarmStyles } from './swarm.ts';

function offered(name: string, variants: readonly string[], isMomentary = false): OfferedFamily {
  return { name, isMomentary, faults: variants.map((variant) => ({ variant, parameters: {} })) };
}

const lasting = [
  offered('partition', ['one', 'halves', 'ring']),
  offered('kill', ['one', 'leader']),
  offered('pause', ['one']),
];
const mixed = [...lasting, offered('snapshot', ['one', 'all'], true)];
const names = (families: readonly OfferedFamily[]) => families.map(({ name }) => name).sort();

interface Drive {
  readonly completions: number;
  /** Every so many completions all clients are blocked; null: never. */
  readonly stallEvery?: number;
  /** Whether this begin can be done; default: always. */
  canBegin?(action: ScheduledAction, active: readonly ScheduledAction[]): boolean;
}

interface Driven {
  readonly actions: readonly ScheduledAction[];
  readonly active: readonly ScheduledAction[];
  /** For each action, after how many completions it came. */
  readonly when: readonly number[];
}

/** Plays the run and the conductor; what is wrong with a single action is found here. */
function drive(schedule: Schedule, options: Drive, families = mixed): Driven {
  const active = new Map<number, ScheduledAction>();
  const actions: ScheduledAction[] = [];
  const when: number[] = [];
  const seen = new Set<number>();
  const take = (taken: readonly ScheduledAction[], at: number): void => {
    for (const action of taken) {
      actions.push(action);
      when.push(at);
      const begun = active.get(action.id);
      if (action.phase === 'end') {
        expect(begun).toMatchObject({ family: action.family, variant: action.variant });
        active.delete(action.id);
        continue;
      }
      expect(seen.has(action.id)).toBe(false);
      seen.add(action.id);
      const can = options.canBegin?.(action, [...active.values()]) ?? true;
      const family = families.find(({ name }) => name === action.family);
      expect(family?.faults.map(({ variant }) => variant)).toContain(action.variant);
      const inForce = can && family?.isMomentary !== true;
      if (inForce) active.set(action.id, action);
      take(schedule.take({ type: 'begun', id: action.id, inForce }), at);
    }
  };
  for (let at = 1; at <= options.completions; at++) {
    take(schedule.take({ type: 'completed' }), at);
    if (options.stallEvery === undefined || at % options.stallEvery !== 0) continue;
    const before = active.size;
    take(schedule.take({ type: 'stalled' }), at);
    // A healing before a fault.
    if (before > 0) expect(active.size).toBe(before - 1);
  }
  return { actions, active: [...active.values()], when };
}

function options(seed: number, over: Partial<ScheduleOptions> = {}): ScheduleOptions {
  const random = createRandomStream(seed, 'schedule');
  return { families: mixed, every: 20, expectedOps: null, random, ...over };
}

const seeds = fc.integer({ min: 0, max: 1_000_000 });
const begins = ({ actions }: Driven) => actions.filter(({ phase }) => phase === 'begin');
const ends = ({ actions }: Driven) => actions.filter(({ phase }) => phase === 'end');

describe.each(swarmStyles)('the schedule %s', (style) => {
  const create = (seed: number, over: Partial<ScheduleOptions> = {}): Schedule =>
    createSchedule(style, options(seed, over));

  it('ends only what has begun, and heals first when every client is blocked', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 3, max: 50 }), (seed, stallEvery) => {
        const driven = drive(create(seed), { completions: 600, stallEvery });
        expect(begins(driven).length).toBeGreaterThan(0);
      }),
      { numRuns: 15 },
    );
  });

  it('ends everything: what began in the first half of a run is over in the second', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const schedule = create(seed);
        const first = drive(schedule, { completions: 1000 });
        const ids = new Set(first.active.map(({ id }) => id));
        let left = ids.size;
        for (let at = 0; at < 4000 && left > 0; at++) {
          for (const action of schedule.take({ type: 'completed' })) {
            if (action.phase === 'end' && ids.delete(action.id)) left--;
            if (action.phase !== 'begin') continue;
            const inForce = action.family !== 'snapshot';
            schedule.take({ type: 'begun', id: action.id, inForce });
          }
        }
        expect([...ids]).toEqual([]);
      }),
      { numRuns: 12 },
    );
  });

  it('depends on the seed and on nothing else', () => {
    const run = (seed: number) => drive(create(seed), { completions: 500 }).actions;
    fc.assert(
      fc.property(seeds, (seed) => {
        expect(run(seed)).toEqual(run(seed));
      }),
      { numRuns: 8 },
    );
    expect(run(1)).not.toEqual(run(2));
  });

  it('gives each family a turn within half of the operations that are expected', () => {
    fc.assert(
      fc.property(seeds, fc.constantFrom(400, 1500, 20_000), (seed, expectedOps) => {
        const schedule = create(seed, { every: 400, expectedOps });
        const driven = drive(schedule, { completions: Math.ceil(expectedOps * 0.8) });
        expect([...new Set(begins(driven).map(({ family }) => family))].sort()).toEqual(
          names(mixed),
        );
        if (style !== 'single') expect(schedule.unreached).toEqual([]);
      }),
      { numRuns: 12 },
    );
  });

  it('tells of the families whose turn did not come', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 0, max: 120 }), (seed, completions) => {
        const schedule = create(seed);
        const begun = new Set(begins(drive(schedule, { completions })).map((each) => each.family));
        const left = new Set(schedule.unreached.map(({ family }) => family));
        for (const name of names(mixed)) expect(begun.has(name) || left.has(name)).toBe(true);
        if (style === 'single') return;
        expect([...begun, ...left].sort()).toEqual(names(mixed));
      }),
      { numRuns: 15 },
    );
  });

  it('goes on when nothing can be begun, and tries what could not be again', () => {
    const driven = drive(create(7), { completions: 2000, canBegin: () => false });
    const tries = begins(driven).filter(({ family }) => family === 'kill');
    expect(tries.length).toBeGreaterThan(1);
    expect(ends(driven)).toEqual([]);
  });

  it('does nothing without faults', () => {
    const { actions } = drive(create(1, { families: [] }), { completions: 50, stallEvery: 5 });
    expect(actions).toEqual([]);
    expect(create(1, { families: [] }).unreached).toEqual([]);
  });

  it('does not begin for a look, a line or an end', () => {
    const schedule = create(1, { every: 1 });
    expect(schedule.take({ type: 'looked', samples: [] })).toEqual([]);
    expect(schedule.take({ type: 'log-line', node: 'n1', line: 'x' })).toEqual([]);
    expect(schedule.take({ type: 'ended', node: 'n1' })).toEqual([]);
    expect(schedule.wantsLooks).toBe(false);
  });
});

describe('the schedule random', () => {
  it('begins each family once before any again, one at a time until then', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const driven = drive(createSchedule('random', options(seed)), { completions: 3000 });
        const first = begins(driven).slice(0, mixed.length);
        expect(first.map(({ family }) => family).sort()).toEqual(names(mixed));
        let inForce = 0;
        for (const action of driven.actions.slice(0, driven.actions.indexOf(first[3] as never))) {
          if (action.family !== 'snapshot') inForce += action.phase === 'begin' ? 1 : -1;
          expect(inForce).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  it('gives what is over at once a single first turn', () => {
    const families = [offered('snapshot', ['one'], true)];
    const asked = { families, every: 400, expectedOps: 800 };
    for (let seed = 0; seed < 10; seed++) {
      const schedule = createSchedule('random', options(seed, asked));
      const { when } = drive(schedule, { completions: 2000 }, families);
      expect(when[0]).toBeLessThanOrEqual(150);
      expect((when[1] ?? 0) - (when[0] ?? 0)).toBeGreaterThanOrEqual(200);
    }
  });

  it('has faults of several families overlap after that', () => {
    const driven = drive(createSchedule('random', options(3)), { completions: 5000 });
    let [inForce, most] = [0, 0];
    for (const { family, phase } of driven.actions) {
      if (family !== 'snapshot') inForce += phase === 'begin' ? 1 : -1;
      most = Math.max(most, inForce);
    }
    expect(most).toBeGreaterThan(1);
  });

  it('acts once in `every` operations on average', () => {
    const { actions } = drive(createSchedule('random', options(5, { every: 10 })), {
      completions: 10_000,
    });
    expect(actions.length).toBeGreaterThan(900);
    expect(actions.length).toBeLessThan(1150);
  });

  it('tries a first turn that could not be three times, after those of the others', () => {
    const families = lasting;
    const schedule = createSchedule('random', options(11, { families }));
    const canBegin = ({ family }: ScheduledAction) => family !== 'kill';
    const driven = drive(schedule, { completions: 4000, canBegin }, families);
    const opening = begins(driven).map(({ family }) => family);
    expect(opening.slice(0, 5).sort()).toEqual(['kill', 'kill', 'kill', 'partition', 'pause']);
    expect(new Set(opening.slice(0, 3)).size).toBe(3);
  });
});

describe('the schedule single', () => {
  it('has one fault at a time, and each variant of each family once before any again', () => {
    const all = mixed.flatMap(({ name, faults }) => faults.map((each) => name + each.variant));
    fc.assert(
      fc.property(seeds, (seed) => {
        const schedule = createSchedule('single', options(seed));
        const driven = drive(schedule, { completions: 1200 });
        expect(schedule.unreached).toEqual([]);
        const round = begins(driven).slice(0, all.length);
        expect(round.map(({ family, variant }) => family + variant).sort()).toEqual(
          [...all].sort(),
        );
        const again = begins(driven).slice(all.length, 2 * all.length);
        expect(new Set(again.map(({ family, variant }) => family + variant)).size).toBe(
          again.length,
        );
        for (const [at, action] of driven.actions.entries()) {
          if (action.phase !== 'begin' || action.family === 'snapshot') continue;
          const next = driven.actions[at + 1];
          if (next !== undefined) expect(next).toMatchObject({ id: action.id, phase: 'end' });
        }
      }),
      { numRuns: 12 },
    );
  });

  it('lets the families take turns', () => {
    const driven = drive(createSchedule('single', options(2)), { completions: 1200 });
    const first = begins(driven).slice(0, mixed.length);
    expect(first.map(({ family }) => family).sort()).toEqual(names(mixed));
  });

  it('tries what could not be once more, at the end of the round', () => {
    const families = [offered('kill', ['one', 'leader']), offered('pause', ['one'])];
    const schedule = createSchedule('single', options(4, { families }));
    const canBegin = ({ variant }: ScheduledAction) => variant !== 'leader';
    const driven = drive(schedule, { completions: 500, canBegin }, families);
    const variants = begins(driven).map(({ family, variant }) => family + variant);
    expect(variants.slice(0, 4).filter((name) => name === 'killleader')).toHaveLength(2);
    expect(variants[3]).toBe('killleader');
    // Then all of them again.
    expect(variants.slice(4, 8).sort()).toEqual(variants.slice(0, 4).sort());
  });

  it('tells of each variant whose turn did not come', () => {
    const schedule = createSchedule('single', options(4));
    expect(schedule.unreached).toHaveLength(8);
    const driven = drive(schedule, { completions: 60 });
    const begun = begins(driven).map(({ family, variant }) => `${family}:${variant}`);
    const left = schedule.unreached.map(({ family, variant }) => `${family}:${variant}`);
    expect(begun.length).toBeGreaterThan(0);
    expect(new Set([...begun, ...left]).size).toBe(8);
    expect(begun.length + left.length).toBe(8);
  });
});

describe('the schedule overlapping', () => {
  it('has one fault of each family in force at once, then none', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const families = lasting;
        const schedule = createSchedule('overlapping', options(seed, { families }));
        const { actions } = drive(schedule, { completions: 1500 }, families);
        const phases = actions.slice(0, 12).map(({ phase }) => phase);
        const [up, down] = [Array(3).fill('begin'), Array(3).fill('end')];
        expect(phases).toEqual([...up, ...down, ...up, ...down]);
        expect(new Set(actions.slice(0, 3).map(({ family }) => family)).size).toBe(3);
      }),
      { numRuns: 12 },
    );
  });

  it('gives those that there was no room for the first place in the next wave', () => {
    const families = lasting;
    const canBegin = (_: ScheduledAction, active: readonly ScheduledAction[]) => active.length < 2;
    for (let seed = 0; seed < 10; seed++) {
      const schedule = createSchedule('overlapping', options(seed, { families }));
      const { actions } = drive(schedule, { completions: 300, canBegin }, families);
      const begun = actions.filter(({ phase }) => phase === 'begin').map(({ family }) => family);
      expect(begun[3]).toBe(begun[2]);
    }
  });
});

describe('the schedule flip-flop', () => {
  it('begins and ends one family ten times within few operations, then the next', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const families = lasting;
        const schedule = createSchedule('flip-flop', options(seed, { families, every: 400 }));
        const driven = drive(schedule, { completions: 1500 }, families);
        const order = begins(driven).map(({ family }) => family);
        for (const turn of [0, 1, 2]) {
          expect(new Set(order.slice(10 * turn, 10 * turn + 10)).size).toBe(1);
        }
        expect(new Set(order.slice(0, 30)).size).toBe(3);
        const phases = driven.actions.map(({ phase }) => phase);
        for (const [at, phase] of phases.entries()) {
          expect(phase).toBe(at % 2 === 0 ? 'begin' : 'end');
        }
        for (const [index, at] of driven.when.entries()) {
          expect(at - (driven.when[index - 1] ?? 0)).toBeLessThanOrEqual(12);
        }
      }),
      { numRuns: 12 },
    );
  });
});

describe('the pace', () => {
  it('lies between half and one and a half of its mean', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: 500 }), (seed, mean) => {
        const pace = new Pace(createRandomStream(seed, 'pace'), mean);
        let count = 1;
        while (!pace.completed()) count++;
        expect(count).toBeGreaterThanOrEqual(Math.max(1, Math.ceil(mean / 2)));
        expect(count).toBeLessThanOrEqual(Math.ceil(mean / 2) + mean);
      }),
    );
  });

  it('fits so many actions into a quarter of a run, but none too short to meet anything', () => {
    expect(meanFor(4, { every: 400, expectedOps: 1600 })).toBe(100);
    expect(meanFor(4, { every: 400, expectedOps: 100_000 })).toBe(400);
    expect(meanFor(4, { every: 400, expectedOps: 10 })).toBe(20);
    expect(meanFor(4, { every: 5, expectedOps: 10 })).toBe(5);
    expect(meanFor(0, { every: 400, expectedOps: null })).toBe(400);
  });
});

describe('the stall detector', () => {
  it('says that every thread is blocked, and again when each has been once more', () => {
    const stalls = new StallDetector(3);
    const blocked = (...threads: readonly number[]) =>
      threads.map((thread) => stalls.completed(thread, false));
    expect(blocked(0, 1, 1, 2)).toEqual([false, false, false, true]);
    expect(blocked(0, 1)).toEqual([false, false]);
    expect(blocked(2)).toEqual([true]);
    expect(blocked(0, 1)).toEqual([false, false]);
    expect(stalls.completed(0, true)).toBe(false);
    expect(blocked(0, 2)).toEqual([false, false]);
    expect(blocked(1)).toEqual([true]);
  });

  it('is never complete while one thread is answered now and then', () => {
    const random = createRandomStream(1, 'stalls');
    const stalls = new StallDetector(4);
    for (let at = 0; at < 500; at++) {
      expect(stalls.completed(0, true)).toBe(false);
      expect(stalls.completed(1 + randomInteger(random, 3), false)).toBe(false);
    }
  });
});
