/** Who hears whom while members are changed, and that all is undone. */
import { expect, test } from 'vitest';
import { membersApart } from './members-apart.ts';
import { createMemoryRig } from './memory-rig.ts';
import { expectFullStrength } from './memory-whole.ts';

const seeds = Array.from({ length: 20 }, (_, seed) => seed);

test('on its side a leader has no majority, and every link to the others is cut', () => {
  for (const variant of ['small-side', 'both-sides']) {
    for (const seed of seeds) {
      const { value, impairs } = createMemoryRig(membersApart, { seed }).plan(variant);
      expect(value).toMatchObject({ leader: 'n1', leavers: [], added: null });
      const [near = [], far = []] = value['sides'] as readonly (readonly string[])[];
      expect(near).toContain('n1');
      expect([...near, ...far].sort()).toEqual(['n1', 'n2', 'n3', 'n4', 'n5']);
      expect(near.length).toBeLessThan(3);
      expect(impairs.cut).toHaveLength(2 * near.length * far.length);
    }
  }
});

test('who is away makes a majority with those that leave, and who stays needs neither', () => {
  for (const seed of seeds) {
    const { value, claims } = createMemoryRig(membersApart, { seed }).plan('leavers');
    const [lonely = [], staying = []] = value['sides'] as readonly (readonly string[])[];
    expect(lonely).toHaveLength(1);
    expect(claims).toHaveLength(2);
    expect(staying).toHaveLength(2);
    expect(new Set([...lonely, ...staying, ...claims]).size).toBe(5);
  }
});

test('those that left are members again at the end, and no link is cut', async () => {
  const rig = createMemoryRig(membersApart);
  const { begin, end } = await rig.inject('leavers');
  expect(begin.tookEffect).toBe(true);
  expect(end.tookEffect).toBe(true);
  expect((await rig.cluster.network.read()).rules).toEqual([]);
  expect([...rig.tools.members.list()].sort()).toEqual(['n1', 'n2', 'n3', 'n4', 'n5']);
  await expectFullStrength(rig);
});
