import { describe, expect, it } from 'vitest';
import {
  configurationFault,
  configurationOf,
  encodeConfiguration,
  isQuorumOf,
  isVoter,
  membersOf,
  narrowConfigurationAt,
  parseConfiguration,
  quorumReachedOf,
  sameConfiguration,
} from './configuration.ts';

const joint = {
  voters: ['n1', 'n4', 'n5'],
  outgoingVoters: ['n1', 'n2', 'n3'],
  learners: ['n2', 'n6'],
  addresses: {},
};

describe('a joint configuration', () => {
  it('decides with both majorities, and with nobody else', () => {
    const decides = (...ids: string[]): boolean => isQuorumOf(joint, new Set(ids));
    expect(decides('n1', 'n4', 'n5')).toBe(false);
    expect(decides('n1', 'n2', 'n3', 'n6')).toBe(false);
    expect(decides('n1', 'n2', 'n4')).toBe(true);
    expect(decides('n2', 'n3', 'n4', 'n5')).toBe(true);
    expect(decides('n1', 'n6')).toBe(false);
  });

  it('has reached what both have reached', () => {
    const reached: Record<string, number> = { n1: 5, n2: 9, n3: 1, n4: 3, n5: 2, n6: 99 };
    expect(quorumReachedOf(joint, (id) => reached[id] ?? 0)).toBe(3);
    expect(quorumReachedOf({ ...joint, outgoingVoters: [] }, (id) => reached[id] ?? 0)).toBe(3);
    expect(quorumReachedOf({ ...joint, voters: ['n2'] }, (id) => reached[id] ?? 0)).toBe(5);
  });

  it('has as members each one once, and as voters the old ones too', () => {
    expect(membersOf(joint)).toEqual(['n1', 'n4', 'n5', 'n2', 'n3', 'n6']);
    expect([isVoter(joint, 'n3'), isVoter(joint, 'n6')]).toEqual([true, false]);
  });
});

describe('a configuration without voters', () => {
  it('decides nothing', () => {
    expect(isQuorumOf(configurationOf([]), new Set(['n1']))).toBe(false);
  });
});

describe('faults', () => {
  it('are named', () => {
    const faultOf = (voters: string[], learners: string[]): string | null =>
      configurationFault({ ...configurationOf(voters), learners });
    expect(faultOf(['n1'], ['n2'])).toBe(null);
    expect(faultOf([], ['n2'])).toMatch(/no voter/);
    expect(faultOf(['n1', 'n1'], [])).toMatch(/twice/);
    expect(faultOf(['n1'], ['n1'])).toMatch(/twice/);
    expect(faultOf(['n1', ''], [])).toMatch(/no name/);
  });
});

describe('a configuration in the log', () => {
  it('comes back as it was', () => {
    const addresses = { n1: { peer: 'h:1', client: 'h:2' } };
    const whole = { ...joint, addresses };
    expect(parseConfiguration(encodeConfiguration(whole))).toEqual(whole);
    expect(narrowConfigurationAt({ index: 3, configuration: whole })).toEqual({
      index: 3,
      configuration: whole,
    });
  });

  it.each([
    'no JSON',
    'null',
    '[]',
    '{"voters":["n1"]}',
    '{"voters":[1],"outgoingVoters":[],"learners":[],"addresses":{}}',
    '{"voters":[""],"outgoingVoters":[],"learners":[],"addresses":{}}',
    '{"voters":["n1"],"outgoingVoters":[],"learners":[],"addresses":[]}',
    '{"voters":["n1"],"outgoingVoters":[],"learners":[],"addresses":{"n1":{"peer":1,"client":""}}}',
  ])('is refused when it is %s', (text) => {
    expect(() => parseConfiguration(new TextEncoder().encode(text))).toThrow(/in the log/);
  });

  it('has an index that can be one', () => {
    const configuration = configurationOf(['n1']);
    for (const index of [-1, 0.5, '1', null]) {
      expect(narrowConfigurationAt({ index, configuration })).toBe(null);
    }
    expect(narrowConfigurationAt({ index: 1, configuration: {} })).toBe(null);
  });
});

describe('two configurations', () => {
  const address = { peer: 'n1:7000', client: 'n1:6379' };
  const one = { ...joint, addresses: { n1: address } };

  it('are the same when they name the same, whoever has made them', () => {
    expect(sameConfiguration(one, structuredClone(one))).toBe(true);
    expect(sameConfiguration(one, parseConfiguration(encodeConfiguration(one)))).toBe(true);
  });

  it('are not when anything differs', () => {
    const others = [
      { ...one, voters: ['n1', 'n4'] },
      { ...one, voters: ['n1', 'n4', 'n2'] },
      { ...one, outgoingVoters: [] },
      { ...one, learners: ['n6', 'n2'] },
      { ...one, addresses: {} },
      { ...one, addresses: { n2: address } },
      { ...one, addresses: { n1: { ...address, peer: 'n1:7001' } } },
      { ...one, addresses: { n1: { ...address, client: '' } } },
    ];
    for (const other of others) expect(sameConfiguration(one, other)).toBe(false);
  });
});
