import { describe, expect, it } from 'vitest';
import type { FaultPlan, Skip } from '../nemesis.ts';
import { families, findFamily } from './families.ts';
import { createMemoryRig } from './memory-rig.ts';
import { StallDetector } from './schedule.ts';
import type { FamilyModule } from './tools.ts';

const named = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, at) => `n${at + 1}`);

/** Each variant twice on a cluster of so many nodes, as a seed has it. */
function plansOf(module: FamilyModule, count: number, seed: number): readonly (FaultPlan | Skip)[] {
  const crashPoints = {
    names: ['wal.after-fsync'],
    arm: () => Promise.resolve(''),
    disarm: () => Promise.resolve(''),
    isReached: () => true,
  };
  const rig = createMemoryRig(module, { seed, nodes: named(count), spares: ['s1'] });
  const { operator } = rig.tools.system;
  const system = { ...rig.tools.system, operator: { ...operator, crashPoints } };
  const nemesis = module.create({ ...rig.tools, system });
  const context = rig.context();
  return module.family.variants
    .filter(({ nodesMin }) => nodesMin <= count)
    .flatMap(({ name }) => [nemesis.plan(name, context), nemesis.plan(name, context)]);
}

describe('every family of faults', () => {
  it('has a name of its own, by which it is found', () => {
    const names = families.map(({ family }) => family.name);
    expect(new Set(names).size).toBe(names.length);
    for (const module of families) expect(findFamily(module.family.name)).toBe(module);
    expect(findFamily('weather')).toBeNull();
  });

  for (const module of families) {
    const { name, variants, description, evidence } = module.family;

    it(`${name} says what it is, what its variants need, and what it leaves behind`, () => {
      expect(new Set(variants.map((variant) => variant.name)).size).toBe(variants.length);
      expect(variants.length).toBeGreaterThan(0);
      for (const variant of variants) {
        expect(new Set(variant.needs).size).toBe(variant.needs.length);
        expect(variant.nodesMin).toBeGreaterThan(0);
        expect(variant.description).not.toBe('');
      }
      expect([description, evidence]).not.toContain('');
    });

    it(`${name} plans from the seed, with nodes of the cluster, in words that JSON has`, () => {
      for (const count of [1, 2, 3, 4, 5, 7, 9]) {
        const plans = plansOf(module, count, count);
        expect(plansOf(module, count, count)).toEqual(plans);
        for (const plan of plans) {
          if ('skip' in plan) continue;
          const known = [...named(count), 's1'];
          const { cut, down, hampered = [] } = plan.impairs;
          const ends = cut.flatMap(({ from, to }) => [from, to]);
          const all = [...plan.nodes, ...plan.claims, ...down, ...hampered, ...ends];
          expect(known).toEqual(expect.arrayContaining(all));
          expect(plan.nodes.length).toBeGreaterThan(0);
          const { variant, description: words, value, impairs } = plan;
          const told = { variant, words, value, impairs };
          expect(JSON.parse(JSON.stringify(told))).toEqual(told);
        }
      }
    });
  }
});

describe('the stall detector', () => {
  it('says once that every thread is blocked, until one is answered', () => {
    const stalls = new StallDetector(3);
    expect(stalls.completed(0, false)).toBe(false);
    expect(stalls.completed(1, false)).toBe(false);
    expect(stalls.completed(1, false)).toBe(false);
    expect(stalls.completed(2, false)).toBe(true);
    expect(stalls.completed(0, false)).toBe(false);
    expect(stalls.completed(0, true)).toBe(false);
    for (const thread of [0, 1]) expect(stalls.completed(thread, false)).toBe(false);
    expect(stalls.completed(2, false)).toBe(true);
  });
});
