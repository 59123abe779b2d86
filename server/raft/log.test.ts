import { describe, expect, it } from 'vitest';
import type { Entry } from './entry.ts';
import { RaftLog } from './log.ts';
import { entryOf, logOf } from './test-server.ts';

const start = { index: 0, term: 0 };

const indexes = (entries: readonly Entry[]): readonly number[] => entries.map(({ index }) => index);

describe('RaftLog', () => {
  it('has term 0 at index 0 and before the first entry nothing', () => {
    const log = new RaftLog(start, []);
    expect([log.lastIndex, log.lastTerm, log.termAt(0)]).toEqual([0, 0, 0]);
    expect(log.holds({ index: 0, term: 0 })).toBe(true);
    expect(log.holds({ index: 1, term: 0 })).toBe(false);
    expect(() => log.entryAt(1)).toThrow(/within the log/);
  });

  it('holds an entry only under its own index and term', () => {
    const log = new RaftLog(start, logOf(1, 1, 3));
    expect(log.holds({ index: 3, term: 3 })).toBe(true);
    expect(log.holds({ index: 3, term: 2 })).toBe(false);
    expect(log.holds({ index: 4, term: 3 })).toBe(false);
    expect(log.holds({ index: -1, term: 0 })).toBe(false);
  });

  it('refuses a hole, a repetition and a falling term', () => {
    const log = new RaftLog(start, logOf(1, 2));
    expect(() => log.append([entryOf(4, 2)])).toThrow(/no gap/);
    expect(() => log.append([entryOf(2, 2)])).toThrow(/no gap/);
    expect(() => log.append([entryOf(3, 1)])).toThrow(/never fall/);
  });

  it('finds the last index whose term is not above another', () => {
    const log = new RaftLog(start, logOf(1, 1, 3, 3, 5));
    const naive = (index: number, term: number): number =>
      [1, 1, 3, 3, 5].slice(0, index).filter((other) => other <= term).length;
    for (let index = 0; index <= 5; index += 1) {
      for (let term = 0; term <= 6; term += 1) {
        expect(log.lastIndexWithTermAtMost(index, term)).toBe(naive(index, term));
      }
    }
    expect(log.lastIndexWithTermAtMost(99, 9)).toBe(5);
  });

  it('packs entries up to a number of bytes without a hole, and one at least', () => {
    const log = new RaftLog(start, logOf(1, 1, 1, 1));
    expect(indexes(log.sliceByBytes(1, 4))).toEqual([1, 2]);
    expect(indexes(log.sliceByBytes(1, 5))).toEqual([1, 2]);
    expect(indexes(log.sliceByBytes(3, 1))).toEqual([3]);
    expect(indexes(log.sliceByBytes(2, 99))).toEqual([2, 3, 4]);
  });

  it('hands over what is new once, and what replaces it', () => {
    const log = new RaftLog(start, logOf(1));
    expect(log.takeUnwritten()).toEqual([]);
    log.append([entryOf(2, 1), entryOf(3, 1)]);
    expect(indexes(log.takeUnwritten())).toEqual([2, 3]);
    expect(log.takeUnwritten()).toEqual([]);
    log.truncateFrom(2);
    log.append([entryOf(2, 2)]);
    expect(log.takeUnwritten()).toEqual([entryOf(2, 2)]);
  });

  it('begins behind its base, and knows the term there', () => {
    const log = new RaftLog({ index: 3, term: 2 }, [entryOf(4, 2), entryOf(5, 3)]);
    expect([log.firstIndex, log.lastIndex, log.termAt(3)]).toEqual([4, 5, 2]);
    expect(log.holds({ index: 3, term: 2 })).toBe(true);
    expect(log.holds({ index: 3, term: 1 })).toBe(false);
    expect(log.holds({ index: 2, term: 2 })).toBe(false);
    expect(() => log.termAt(2)).toThrow(/within the log/);
    expect(() => log.slice(3, 5)).toThrow(/within the log/);
    expect(() => log.truncateFrom(3)).toThrow(/removes something/);
    expect(new RaftLog({ index: 3, term: 2 }, []).lastTerm).toBe(2);
  });

  it('finds no agreement below its base, where terms are not known', () => {
    const log = new RaftLog({ index: 3, term: 2 }, [entryOf(4, 2), entryOf(5, 3)]);
    expect(log.lastIndexWithTermAtMost(5, 2)).toBe(4);
    expect(log.lastIndexWithTermAtMost(5, 1)).toBe(2);
    expect(log.lastIndexWithTermAtMost(2, 9)).toBe(2);
  });

  it('forgets what is compacted, and not what no write has', () => {
    const log = new RaftLog(start, logOf(1, 1, 2));
    log.append([entryOf(4, 2)]);
    expect(() => log.compactTo(4)).toThrow(/was written/);
    log.compactTo(2);
    log.compactTo(1);
    expect([log.base, log.lastIndex]).toEqual([{ index: 2, term: 1 }, 4]);
    expect(indexes(log.takeUnwritten())).toEqual([4]);
    log.compactTo(4);
    expect([log.base, log.firstIndex, log.lastIndex]).toEqual([{ index: 4, term: 2 }, 5, 4]);
  });

  it('begins anew behind a snapshot', () => {
    const log = new RaftLog(start, logOf(1, 1, 2));
    log.append([entryOf(4, 2)]);
    log.resetTo({ index: 3, term: 3 });
    expect([log.base, log.lastIndex, log.lastTerm]).toEqual([{ index: 3, term: 3 }, 3, 3]);
    expect(log.takeUnwritten()).toEqual([]);
    log.append([entryOf(4, 3)]);
    expect(indexes(log.takeUnwritten())).toEqual([4]);
  });

  it('compares logs by the last term first, then by length', () => {
    const log = new RaftLog(start, logOf(1, 2));
    expect(log.isAtMostAsUpToDateAs({ index: 1, term: 3 })).toBe(true);
    expect(log.isAtMostAsUpToDateAs({ index: 2, term: 2 })).toBe(true);
    expect(log.isAtMostAsUpToDateAs({ index: 1, term: 2 })).toBe(false);
    expect(log.isAtMostAsUpToDateAs({ index: 9, term: 1 })).toBe(false);
  });
});
