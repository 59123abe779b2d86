import { describe, expect, it } from 'vitest';
import { createRandomStream } from '../run/random.ts';
import { families } from './families.ts';
import { drawProfileScript } from './profile-script.ts';
import { profiles } from './profiles.ts';
import { RandomSchedule } from './random-schedule.ts';
import type { ScheduledAction } from './schedule.ts';
import { phasesOf } from './script.ts';
import { ScriptSchedule } from './script-schedule.ts';
import { StormSchedule } from './storm-schedule.ts';

const possible = families.map(({ family }) => ({
  family,
  variants: family.variants.map(({ name }) => name),
}));

function storms(inner: ConstructorParameters<typeof StormSchedule>[0]): StormSchedule {
  return new StormSchedule(inner, {
    random: createRandomStream(1, 'storms'),
    groupOf: (name) => families.find(({ family }) => family.name === name)?.family.group ?? null,
    ...{ stormOperations: [50, 50], calmSuccesses: [10, 10] },
  });
}

function randomStorms(): StormSchedule {
  const offered = ['members', 'partition', 'kill'].map((name) => ({
    ...{ name, isMomentary: false, faults: [{ variant: 'one', parameters: {} }] },
  }));
  const random = createRandomStream(1, 'schedule');
  return storms(new RandomSchedule({ families: offered, every: 4, expectedOps: null, random }));
}

/** Completes so many operations; returns what was begun and ended, and what is in force then. */
function complete(schedule: StormSchedule, count: number, ok = true) {
  const actions: ScheduledAction[] = [];
  for (let each = 0; each < count; each++) {
    for (const action of schedule.take({ type: 'completed', ok })) {
      actions.push(action);
      if (action.phase === 'begin') {
        actions.push(...schedule.take({ type: 'begun', id: action.id, inForce: true }));
      }
    }
  }
  return actions;
}

function inForce(actions: readonly ScheduledAction[]): readonly ScheduledAction[] {
  const ended = new Set(actions.filter(({ phase }) => phase === 'end').map(({ id }) => id));
  return actions.filter(({ phase, id }) => phase === 'begin' && !ended.has(id));
}

describe('storms and calms', () => {
  it('end all faults after a storm, and begin none until operations have succeeded', () => {
    const schedule = randomStorms();
    const storm = complete(schedule, 50);
    expect(storm.length).toBeGreaterThan(5);
    expect(inForce(storm)).toEqual([]);
    expect(complete(schedule, 9)).toEqual([]);
    complete(schedule, 1);
    expect(complete(schedule, 49).length).toBeGreaterThan(5);
  });

  it('end all faults as soon as nothing succeeds any more, the network’s first', () => {
    const schedule = randomStorms();
    const storm: ScheduledAction[] = [];
    while (inForce(storm).length < 3) storm.push(...complete(schedule, 1));
    const ends = schedule.take({ type: 'starved' });
    expect(ends.map(({ family }) => family)).toEqual(['partition', 'kill', 'members']);
    expect(ends.every(({ phase, trigger }) => phase === 'end' && trigger === 'starved')).toBe(true);
    expect(schedule.take({ type: 'starved' })).toEqual([]);
    // A calm in which nothing succeeds is over in the end.
    complete(schedule, 80, false);
    expect(complete(schedule, 30, false).length).toBeGreaterThan(0);
  });

  for (const profile of profiles) {
    it(`go on with ${profile.name} after each calm, and leave nothing behind in it`, () => {
      const random = createRandomStream(3, 'profile');
      const script = drawProfileScript(profile, { families: possible, random });
      const schedule = storms(new ScriptSchedule(script));
      const all: ScheduledAction[] = [];
      for (let storm = 0; storm < 3; storm++) {
        const actions = complete(schedule, 50);
        all.push(...actions);
        const momentary = new Set(['transfer', 'snapshot']);
        expect(inForce(all).filter(({ family }) => !momentary.has(family))).toEqual([]);
        expect(actions.some(({ phase }) => phase === 'begin')).toBe(true);
        all.push(...complete(schedule, 10));
      }
    });
  }
});

describe('a profile', () => {
  it('names faults that there are, and is drawn anew by each seed', () => {
    for (const profile of profiles) {
      const draw = (seed: number) =>
        drawProfileScript(profile, {
          families: possible,
          random: createRandomStream(seed, 'profile'),
        });
      expect(JSON.stringify(draw(1))).toBe(JSON.stringify(draw(1)));
      expect(JSON.stringify(draw(1))).not.toBe(JSON.stringify(draw(2)));
      for (const { family, variant } of phasesOf(draw(1).steps)) {
        const known = possible.find((each) => each.family.name === family);
        expect(known, family).toBeDefined();
        if (variant !== null) expect(known?.variants).toContain(variant);
      }
    }
  });

  it('names nothing else', () => {
    const words = JSON.stringify(profiles).match(/"[a-z-]+:[a-z-]+"/g) ?? [];
    const known = possible.flatMap(({ family, variants }) =>
      variants.map((variant) => `"${family.name}:${variant}"`),
    );
    expect([...new Set(words)].filter((word) => !known.includes(word))).toEqual([]);
  });

  it('leaves out what cannot be had', () => {
    for (const profile of profiles) {
      const random = createRandomStream(1, 'profile');
      const kill = possible.filter(({ family }) => family.name === 'kill');
      const { steps } = drawProfileScript(profile, { families: kill, random });
      expect(phasesOf(steps).every(({ family }) => family === 'kill')).toBe(true);
    }
  });
});
