import { expect, test } from 'vitest';
import { madeSeed } from './made-seeds.ts';
import { countByWorkload, countOutcomes, foundOf, groupFailures, sumOf } from './seed-tally.ts';

test('failures stand by kind: the worst outcome first, then the shortest history', () => {
  const records = [
    madeSeed(1, 'unknown', { fingerprint: 'stats: little', lines: 1 }),
    madeSeed(2, 'invalid', { fingerprint: 'a', lines: 90 }),
    madeSeed(3, 'invalid', { fingerprint: 'b', lines: 50 }),
    madeSeed(4, 'invalid', { fingerprint: 'a', lines: 40 }),
    madeSeed(5),
    madeSeed(6, 'crashed', { fingerprint: 'c', lines: 0 }),
  ];
  const groups = groupFailures(records).map(({ fingerprint, records: group }) => [
    fingerprint,
    ...group.map(({ seed }) => seed),
  ]);
  expect(groups).toEqual([
    ['a', 4, 2],
    ['b', 3],
    ['c', 6],
    ['stats: little', 1],
  ]);
});

test('one text that was invalid once and unknown once is two kinds', () => {
  const both = [madeSeed(1, 'invalid'), madeSeed(2, 'unknown')];
  expect(groupFailures(both).map(({ outcome }) => outcome)).toEqual(['invalid', 'unknown']);
});

test('unknown seeds are one kind by their first words, invalid ones by all of them', () => {
  const made = (outcome: 'invalid' | 'unknown'): readonly string[] => {
    const records = ['no put', 'no get'].map((what, place) =>
      madeSeed(place, outcome, { fingerprint: `stats: too little: ${what} has succeeded` }),
    );
    return groupFailures(records).map(({ fingerprint }) => fingerprint);
  };
  expect(made('unknown')).toEqual(['stats: too little']);
  expect(made('invalid').length).toBe(2);
});

test('of equal length the fewer events come first, then the smaller seed', () => {
  const made = [
    madeSeed(9, 'invalid', { lines: 5, events: 7 }),
    madeSeed(3, 'invalid', { lines: 5, events: 8 }),
    madeSeed(2, 'invalid', { lines: 5, events: 8 }),
  ];
  expect(groupFailures(made)[0]?.records.map(({ seed }) => seed)).toEqual([9, 2, 3]);
});

test('every seed is counted once, by outcome and by workload', () => {
  const records = [
    madeSeed(1),
    madeSeed(2, 'invalid', { workload: 'queue' }),
    madeSeed(3, 'unknown', { workload: 'queue' }),
  ];
  const counts = { valid: 1, invalid: 1, unknown: 1, crashed: 0 };
  expect(countOutcomes(records)).toEqual(counts);
  expect(countByWorkload(records)).toEqual({
    queue: { ...counts, valid: 0 },
    register: { valid: 1, invalid: 0, unknown: 0, crashed: 0 },
  });
  expect(sumOf(records)).toMatchObject({ lines: 306, faults: 6, messages: 900 });
});

test('what shows a bug as an unknown has found it too, in the order of seeds', () => {
  const records = [
    madeSeed(8, 'invalid'),
    madeSeed(2, 'unknown', { oracles: ['recovery'] }),
    madeSeed(1, 'unknown'),
  ];
  expect(foundOf(records).map(({ seed }) => seed)).toEqual([2, 8]);
});
