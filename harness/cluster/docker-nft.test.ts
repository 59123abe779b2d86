import { describe, expect, test } from 'vitest';
import { describeCut, parseTable, samePairs } from './docker-nft.ts';

const listing = `table bridge rafture_a { # progname nft
\tflags owner

\tset cut {
\t\ttype ipv4_addr . ipv4_addr
\t\telements = { 10.77.0.11 . 10.77.0.12,
\t\t\t     10.77.0.12 . 10.77.0.11 }
\t}

\tset oneway {
\t\ttype ipv4_addr . ipv4_addr
\t\telements = { 10.77.0.13 . 10.77.0.11 }
\t}

\tchain fw {
\t\ttype filter hook forward priority 0; policy accept;
\t\tip saddr . ip daddr @cut counter packets 42 bytes 2562 drop
\t}
}
`;

describe('the rules of the fault agent', () => {
  test('a cut is one transaction that first forgets the one before', () => {
    const both = [
      { from: '10.77.0.11', to: '10.77.0.12' },
      { from: '10.77.0.12', to: '10.77.0.11' },
    ];
    expect(describeCut('t', both)).toBe(
      'flush set bridge t cut; flush set bridge t oneway; ' +
        'add element bridge t cut { 10.77.0.11 . 10.77.0.12, 10.77.0.12 . 10.77.0.11 }',
    );
  });

  test('only a pair whose reverse is not cut lets acknowledgements pass', () => {
    const cut = [
      { from: 'a', to: 'b' },
      { from: 'b', to: 'a' },
      { from: 'a', to: 'c' },
    ];
    expect(describeCut('t', cut)).toMatch(/add element bridge t oneway \{ a \. c \}$/);
  });

  test('healing adds no elements, which nft would refuse', () => {
    expect(describeCut('t', [])).toBe('flush set bridge t cut; flush set bridge t oneway');
  });

  test('a listing gives the cut pairs and the packets that were dropped', () => {
    expect(parseTable(listing, 'rafture_a')).toEqual({
      cut: [
        { from: '10.77.0.11', to: '10.77.0.12' },
        { from: '10.77.0.12', to: '10.77.0.11' },
      ],
      dropped: 42,
    });
  });

  test('no part of a listing is taken for the whole', () => {
    for (let length = 0; length < listing.length; length++) {
      expect(parseTable(listing.slice(0, length), 'rafture_a')).toBeNull();
    }
  });

  test('the table of another run is not read', () => {
    expect(parseTable(listing, 'rafture_b')).toBeNull();
  });

  test('pairs are compared as sets, and direction counts', () => {
    const forth = { from: 'a', to: 'b' };
    const back = { from: 'b', to: 'a' };
    expect(samePairs([forth, back], [back, forth])).toBe(true);
    expect(samePairs([forth], [back])).toBe(false);
    expect(samePairs([forth], [])).toBe(false);
  });
});
