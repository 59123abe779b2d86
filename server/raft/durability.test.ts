import { describe, expect, it } from 'vitest';
import { Durability } from './durability.ts';

describe('Durability', () => {
  it('follows the writes in their order', () => {
    const durability = new Durability(2);
    expect(durability.durableIndex).toBe(2);
    expect([durability.issue(3), durability.issue(0), durability.issue(5)]).toEqual([1, 2, 3]);
    durability.written(2);
    expect(durability.durableIndex).toBe(3);
    durability.written(3);
    expect(durability.durableIndex).toBe(5);
    expect([durability.isWritten(3), durability.isWritten(4)]).toEqual([true, false]);
  });

  it('does not take a replaced entry for the one that replaced it', () => {
    const durability = new Durability(0);
    durability.issue(5);
    durability.truncateFrom(3);
    durability.issue(5);
    durability.written(1);
    expect(durability.durableIndex).toBe(2);
    durability.written(2);
    expect(durability.durableIndex).toBe(5);
  });

  it('forgets what was durable when it is replaced', () => {
    const durability = new Durability(9);
    durability.truncateFrom(4);
    expect(durability.durableIndex).toBe(3);
  });

  it('refuses a write that was never issued, or one out of order', () => {
    const durability = new Durability(0);
    expect(() => durability.written(1)).toThrow(/in the order/);
    durability.issue(1);
    durability.issue(2);
    durability.written(2);
    expect(() => durability.written(1)).toThrow(/in the order/);
  });
});
