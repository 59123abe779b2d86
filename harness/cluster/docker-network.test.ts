import { describe, expect, test } from 'vitest';
import { overlaps, parseRange } from './docker-network.ts';

describe('the cluster network', () => {
  test('ranges overlap when either holds the other, and not when they only touch', () => {
    const range = parseRange('10.77.3.0/24');
    expect(overlaps(range, parseRange('10.77.0.0/16'))).toBe(true);
    expect(overlaps(parseRange('10.77.3.128/25'), range)).toBe(true);
    expect(overlaps(range, parseRange('10.77.4.0/24'))).toBe(false);
    expect(overlaps(range, parseRange('10.77.2.0/24'))).toBe(false);
  });

  test("an interface's own address stands for its whole range", () => {
    expect(parseRange('192.168.1.77/24')).toEqual(parseRange('192.168.1.0/24'));
    expect(parseRange('255.255.255.255')).toEqual({ start: 2 ** 32 - 1, size: 1 });
  });
});
