import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandomStream } from '../run/random.ts';
import { reference } from '../systems/reference.ts';
import { families as modules } from './families.ts';
import { createMemoryRig } from './memory-rig.ts';
import { chooseSwarm, intensities, type Swarm, swarmStyles } from './swarm.ts';

const families = modules.map(({ family }) => ({
  name: family.name,
  isMomentary: family.isMomentary,
  faults: family.variants.map(({ name }) => ({ variant: name, parameters: {} })),
}));

const parametersOf = (name: string): readonly string[] =>
  Object.keys(modules.find(({ family }) => family.name === name)?.family.parameters ?? {});

function choose(seed: number): Swarm {
  const random = createRandomStream(seed, 'swarm');
  return chooseSwarm({ families, every: 400, expectedOps: null, random, parametersOf });
}

const seeds = fc.integer({ min: 0, max: 1e6 });

describe('a swarm', () => {
  it('is a part of what there is: never nothing, nothing strange, nothing twice', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const swarm = choose(seed);
        const chosen = swarm.families.map(({ name }) => name);
        expect(chosen.length).toBeGreaterThan(0);
        expect(new Set(chosen).size).toBe(chosen.length);
        for (const { name, faults } of swarm.families) {
          const variants = faults.map(({ variant }) => variant);
          expect(variants.length).toBeGreaterThan(0);
          expect(new Set(variants).size).toBe(variants.length);
          const there = families.find((each) => each.name === name)?.faults ?? [];
          expect(there.map(({ variant }) => variant)).toEqual(expect.arrayContaining(variants));
        }
        expect(swarmStyles).toContain(swarm.style);
        expect(swarm.every).toBeGreaterThanOrEqual(100);
        expect(swarm.every).toBeLessThanOrEqual(500);
      }),
      { numRuns: 50 },
    );
  });

  it('comes from the seed, and is told in full', () => {
    expect(choose(1)).toEqual(choose(1));
    expect(choose(1).description).not.toBe(choose(2).description);
    const { description, style, every, families: chosen } = choose(3);
    expect(description).toContain(`swarm: ${style}, every ${every} operations: `);
    for (const { name, faults } of chosen) {
      expect(description).toContain(name);
      for (const { variant, parameters } of faults) {
        expect(description).toContain(variant);
        for (const [key, value] of Object.entries(parameters)) {
          expect(description).toContain(`${key} ${String(value)}`);
        }
      }
    }
  });

  it('comes to every family, every variant and every style in the end, and not always', () => {
    const swarms = Array.from({ length: 200 }, (_, seed) => choose(seed));
    expect(new Set(swarms.map(({ style }) => style)).size).toBe(swarmStyles.length);
    for (const { name, faults } of families) {
      const own = swarms.flatMap((swarm) => swarm.families.filter((each) => each.name === name));
      expect(own.length, name).toBeGreaterThan(50);
      expect(own.length, name).toBeLessThan(150);
      const variants = new Set(own.flatMap((each) => each.faults.map(({ variant }) => variant)));
      expect(variants.size, name).toBe(faults.length);
    }
  });

  it('draws intensities that every family takes', () => {
    const drawn = new Set<string>();
    const swarms = Array.from({ length: 60 }, (_, seed) => choose(seed));
    for (const { name, faults } of swarms.flatMap((swarm) => swarm.families)) {
      const module = modules.find(({ family }) => family.name === name);
      if (module === undefined) throw new Error(`there is no ${name}`);
      const { nemesis, context } = createMemoryRig(module, {
        spares: ['n6'],
        system: reference,
      });
      for (const { variant, parameters } of faults) {
        const names = Object.keys(parameters);
        for (const each of names) drawn.add(each);
        expect(parametersOf(name)).toEqual(expect.arrayContaining(names));
        expect(() => nemesis.plan(variant, context({ parameters }))).not.toThrow();
      }
    }
    expect([...drawn].sort()).toEqual(Object.keys(intensities).sort());
  });
});
