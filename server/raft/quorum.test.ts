import { describe, expect, it } from 'vitest';
import { isQuorum, quorumReached, quorumSize } from './quorum.ts';

describe('quorum', () => {
  it('is more than half of the voters', () => {
    expect([1, 2, 3, 4, 5, 6, 7].map(quorumSize)).toEqual([1, 2, 2, 3, 3, 4, 4]);
    expect([isQuorum(2, 5), isQuorum(3, 5), isQuorum(2, 4)]).toEqual([false, true, false]);
  });

  it('has reached the greatest number that so many have reached', () => {
    expect(quorumReached([7])).toBe(7);
    expect(quorumReached([9, 4])).toBe(4);
    expect(quorumReached([1, 9, 10])).toBe(9);
    expect(quorumReached([5, 1, 2, 8])).toBe(2);
    expect(quorumReached([0, 0, 3, 10, 4])).toBe(3);
  });

  it('does not reorder what it is given', () => {
    const numbers = [1, 9, 10];
    quorumReached(numbers);
    expect(numbers).toEqual([1, 9, 10]);
  });
});
