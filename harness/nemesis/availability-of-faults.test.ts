import { describe, expect, it } from 'vitest';
import { simulatedCapabilities } from '../cluster/simulated-capabilities.ts';
import { abilities, capabilitiesOf } from '../cluster.ts';
import type { FaultFamily, Need } from '../nemesis.ts';
import { reference } from '../systems/reference.ts';
import { availabilityOf, possibleVariants } from './availability-of-faults.ts';
import { families } from './families.ts';

const variant = (name: string, needs: readonly Need[], nodesMin = 1) => ({
  ...{ name, description: '', needs, nodesMin },
});

function family(...variants: FaultFamily['variants']): FaultFamily {
  const words = { name: 'f', group: 'process', description: '', evidence: '' } as const;
  return { ...words, variants, parameters: {}, isMomentary: false };
}

const none = capabilitiesOf({}, 'there is nothing', 'take something');
const can = (how: string) => ({ available: true, how }) as const;
const mute = { name: 'mute', operator: {} };

describe('which faults can be had', () => {
  it('are those whose every need is met', () => {
    const capabilities = { ...none, kill: can('SIGKILL'), pause: can('SIGSTOP') };
    const around = { capabilities, system: mute, nodeCount: 3 };
    const asked = family(
      variant('a', ['kill']),
      variant('b', ['kill', 'pause']),
      variant('c', ['kill', 'power-loss']),
      variant('d', ['operator:transfer']),
      variant('e', []),
    );
    expect(possibleVariants(asked, around)).toEqual(['a', 'b', 'e']);
    expect(availabilityOf(asked, around).map(({ capability }) => capability)).toEqual([
      { available: true, how: 'SIGKILL' },
      { available: true, how: 'SIGKILL; SIGSTOP' },
      { available: false, why: 'there is nothing', remedy: 'take something' },
      {
        available: false,
        why: 'mute cannot be asked for it',
        remedy: expect.stringContaining('transferLeadership'),
      },
      { available: true, how: '' },
    ]);
  });

  it('are fewer in a cluster of few nodes, which is told with the remedy', () => {
    const capabilities = { ...none, drop: can('nft') };
    const asked = family(variant('two', ['drop'], 2), variant('three', ['drop'], 3));
    const around = { capabilities, system: mute, nodeCount: 2 };
    expect(possibleVariants(asked, around)).toEqual(['two']);
    expect(availabilityOf(asked, around)[1]?.capability).toEqual({
      available: false,
      why: 'it takes 3 nodes or more, and the cluster has 2',
      remedy: '--nodes 3',
    });
  });

  it('know each skill of an operator by itself', () => {
    const capabilities = Object.fromEntries(abilities.map((each) => [each, can('x')]));
    for (const skill of ['transfer', 'members', 'snapshot', 'crash-points'] as const) {
      const asked = family(variant('a', [`operator:${skill}`]));
      const around = { capabilities: capabilities as typeof none, nodeCount: 1 };
      expect(possibleVariants(asked, { ...around, system: reference }), skill).toEqual(['a']);
      expect(possibleVariants(asked, { ...around, system: mute }), skill).toEqual([]);
    }
    const moves = { name: 'moves', operator: { transferLeadership: () => Promise.resolve('') } };
    const around = { capabilities: none, system: moves, nodeCount: 1 };
    expect(possibleVariants(family(variant('a', ['operator:transfer'])), around)).toEqual(['a']);
    expect(possibleVariants(family(variant('a', ['operator:members'])), around)).toEqual([]);
  });

  it('are all of them in the simulation of the reference, but for upgrades', () => {
    const around = { capabilities: simulatedCapabilities, system: reference, nodeCount: 5 };
    const missing = families.filter(
      (each) => possibleVariants(each.family, around).length < each.family.variants.length,
    );
    expect(missing.map((each) => each.family.name)).toEqual(['upgrade']);
  });
});
