import { describe, expect, test } from 'vitest';
import { clientsEnd, type LinkMode, type LinkRule } from '../cluster.ts';
import { describeOpening, describeRules, type LinkPlan, proxiedOpenings } from './docker-nft.ts';
import { findListing, parseTables } from './docker-nft-listing.ts';

const [a, b, c] = ['10.77.0.11', '10.77.0.12', '10.77.0.13'];
const nodes = [a, b, c];
const openings = nodes.flatMap((to) =>
  [clientsEnd, ...nodes].filter((from) => from !== to).map((from) => ({ from, to })),
);
const plan: LinkPlan = {
  table: 't',
  nodes,
  clientPort: 6379,
  peerPort: 7000,
  gateway: '10.77.0.1',
  doors: new Map(openings.map((opening, at) => [describeOpening(opening), 40_000 + at])),
  hasIpTable: true,
};

const drop: LinkMode = { type: 'drop' };
const delay: LinkMode = { type: 'delay', ms: 50, jitterMs: 10 };

function rule(from: string, to: string, mode: LinkMode): LinkRule {
  return { from, to, mode };
}

function lines(rules: readonly LinkRule[]): readonly string[] {
  return describeRules(plan, rules).split('; ');
}

/** Without where it is. */
function words(line: string): string {
  return line.replace('add rule ip t links ', '');
}

const pairs = 'counter name ip saddr . ip daddr map';
const forgets = [
  'flush chain bridge t links',
  'flush chain ip t links',
  'flush chain ip t peers',
  'flush chain ip t clients',
];

describe('the rules of the fault agent', () => {
  test('are one line, which is one transaction that first forgets the rules before', () => {
    const text = describeRules(plan, [rule(a, b, drop), rule(b, a, drop)]);
    expect(text).not.toContain('\n');
    expect(text.split('; ')).toEqual([
      // Never taken away: it counts on when the rule comes again.
      `add counter bridge t drop_${a}_${b}`,
      `add counter bridge t drop_${b}_${a}`,
      forgets[0],
      'add rule bridge t links counter name ip saddr . ip daddr map ' +
        `{ ${a} . ${b} : "drop_${a}_${b}", ${b} . ${a} : "drop_${b}_${a}" } drop`,
      ...forgets.slice(1),
    ]);
  });

  test('are all forgotten when there are none', () => {
    expect(lines([])).toEqual(forgets);
    expect(describeRules({ ...plan, hasIpTable: false }, [])).toBe(forgets[0]);
  });

  test('name the clients by the port they come to, and by what is no node', () => {
    const rules = lines([rule(clientsEnd, a, drop), rule(b, clientsEnd, drop)]);
    const all = `{ ${nodes.join(', ')} }`;
    expect(rules.filter((line) => line.startsWith('add rule'))).toEqual([
      `add rule bridge t links ip saddr != ${all} tcp dport 6379 ` +
        `counter name ip daddr map { ${a} : "drop_clients_${a}" } drop`,
      `add rule bridge t links ip daddr != ${all} tcp sport 6379 ` +
        `counter name ip saddr map { ${b} : "drop_${b}_clients" } drop`,
    ]);
  });

  test('let acknowledgements go only after all that loses more has had its turn', () => {
    const rules = lines([
      rule(a, b, { type: 'oneway' }),
      rule(a, b, { type: 'loss', percent: 12.5 }),
      rule(a, b, drop),
    ]);
    const place = 'add rule bridge t links';
    const match = (type: string): string =>
      `counter name ip saddr . ip daddr map { ${a} . ${b} : "${type}_${a}_${b}" } drop`;
    expect(rules.filter((line) => line.startsWith(place))).toEqual([
      `${place} ${match('drop')}`,
      `${place} numgen random mod 1000000 < 125000 ${match('loss')}`,
      `${place} ip saddr . ip daddr { ${a} . ${b} } jump oneway`,
      `${place} ${match('oneway')}`,
    ]);
  });

  test('break connections where data runs into a reset, each link counted by itself', () => {
    const resets = lines([rule(a, b, { type: 'reset' }), rule(clientsEnd, c, { type: 'reset' })]);
    const nodesThere = `{ ${nodes.join(', ')} }`;
    expect(resets.filter((line) => line.startsWith('add')).map(words)).toEqual([
      `add counter ip t reset_${a}_${b}`,
      `add counter ip t reset_clients_${c}`,
      `ip saddr . ip daddr { ${a} . ${b} } ip protocol tcp jump resets`,
      `ip saddr != ${nodesThere} ip daddr { ${c} } tcp dport 6379 ip protocol tcp jump resets`,
      `ip protocol tcp ${pairs} { ${a} . ${b} : "reset_${a}_${b}" } jump refuse`,
      `ip saddr != ${nodesThere} tcp dport 6379 ip protocol tcp ` +
        `counter name ip daddr map { ${c} : "reset_clients_${c}" } jump refuse`,
    ]);
  });

  test('lead what carries a delayed link to the proxy, whoever opened it', () => {
    expect(proxiedOpenings([rule(a, b, delay), rule(a, b, drop), rule(a, c, drop)])).toEqual([
      { from: a, to: b },
      { from: b, to: a },
    ]);
    // Nobody opens anything to a client.
    const opened = [{ from: clientsEnd, to: a }];
    expect(proxiedOpenings([rule(a, clientsEnd, delay)])).toEqual(opened);
    const rules = lines([rule(a, b, delay), rule(a, clientsEnd, delay)]);
    expect(rules.filter((line) => line.startsWith('add rule bridge'))).toEqual([]);
    const door = (from: string, to: string): string =>
      `dnat to 10.77.0.1:${plan.doors.get(describeOpening({ from, to }))}`;
    expect(rules.filter((line) => line.includes('dnat'))).toEqual([
      `add rule ip t peers ip saddr ${a} ip daddr ${b} tcp dport 7000 ${door(a, b)}`,
      `add rule ip t peers ip saddr ${b} ip daddr ${a} tcp dport 7000 ${door(b, a)}`,
      `add rule ip t clients ip daddr ${a} tcp dport 6379 meta skuid != 47713 ` +
        door(clientsEnd, a),
    ]);
  });

  test('end what was open past the proxy, in both directions, but not the proxy’s own', () => {
    const rules = lines([rule(a, b, delay), rule(clientsEnd, c, delay)]);
    const anew = rules.filter((line) => line.endsWith('ct mark != 47713 jump anew'));
    expect(anew.map(words)).toEqual([
      expect.stringMatching(`{ ${a} . ${b}, ${b} . ${a} } tcp dport 7000`),
      expect.stringMatching(`{ ${a} . ${b}, ${b} . ${a} } tcp sport 7000`),
      expect.stringMatching(`ip daddr { ${c} } tcp dport 6379`),
      expect.stringMatching(`ip saddr { ${c} } ip daddr != .* tcp sport 6379`),
    ]);
  });

  test('refuse to lead anything where the proxy has no door', () => {
    const without = { ...plan, doors: new Map() };
    expect(() => describeRules(without, [rule(a, b, delay)])).toThrow(/no door/);
  });
});

// As nft 1.0.6 lists it: a set of one has no braces, a mark is hexadecimal.
const all = `{ ${a}, ${b}, ${c} }`;
const answers = `counter name ip saddr map { ${b} : "oneway_${b}_clients" } drop`;
const bridgeListing = `table bridge t { # progname nft
\tflags owner

\tcounter drop_${a}_${b} {
\t\tpackets 42 bytes 2562
\t}

\tcounter drop_${c}_${b} {
\t\tpackets 0 bytes 0
\t}

\tcounter loss_${a}_${c} {
\t\tpackets 7 bytes 99
\t}

\tcounter drop_clients_${a} {
\t\tpackets 5 bytes 99
\t}

\tchain links {
\t\t${pairs} { ${b} . ${a} : "drop_${b}_${a}", ${a} . ${b} : "drop_${a}_${b}" } drop
\t\tip saddr != ${all} tcp dport 6379 counter name ip daddr map { ${a} : "drop_clients_${a}" } drop
\t\tnumgen random mod 1000000 < 1250 ${pairs} { ${a} . ${c} : "loss_${a}_${c}" } drop
\t\tip saddr . ip daddr { ${c} . ${a} } jump oneway
\t\tip saddr ${b} ip daddr != ${all} tcp sport 6379 jump oneway
\t\t${pairs} { ${c} . ${a} : "oneway_${c}_${a}" } drop
\t\tip daddr != ${all} tcp sport 6379 ${answers}
\t}

\tchain enter {
\t\ttype filter hook prerouting priority -250; policy accept;
\t\tjump links
\t}
}
`;

const clientReset = `counter name ip daddr map { ${b} : "reset_clients_${b}" } jump refuse`;
const ipListing = `table ip t { # progname nft
\tcounter reset_${b}_${c} {
\t\tpackets 3 bytes 180
\t}

\tchain links {
\t\tip saddr . ip daddr { ${b} . ${c} } ip protocol 6 jump resets
\t\tip saddr != ${all} ip daddr ${b} tcp dport 6379 ip protocol tcp jump resets
\t\tip protocol 6 ${pairs} { ${b} . ${c} : "reset_${b}_${c}" } jump refuse
\t\tip saddr != ${all} tcp dport 6379 ip protocol tcp ${clientReset}
\t\tip saddr . ip daddr { ${c} . ${b}, ${b} . ${c} } tcp dport 7000 ct mark != 0x0000ba61 jump anew
\t\tip saddr ${c} ip daddr != { ${a}, ${b} } tcp sport 6379 ct mark != 0x0000ba61 jump anew
\t}

\tchain peers {
\t\ttype nat hook prerouting priority dstnat - 10; policy accept;
\t\tip saddr ${c} ip daddr ${b} tcp dport 7000 dnat to 10.77.0.1:40006
\t}

\tchain clients {
\t\ttype nat hook output priority -110; policy accept;
\t\tip daddr ${c} tcp dport 6379 meta skuid != 47713 dnat to 10.77.0.1:40007
\t}
}
`;

describe('a listing', () => {
  test('gives the rules of every mode, what is led away, and the packets that were met', () => {
    expect(parseTables(plan, bridgeListing, ipListing)).toEqual({
      rules: [
        rule(b, a, drop),
        rule(a, b, drop),
        rule(clientsEnd, a, drop),
        rule(a, c, { type: 'loss', percent: 0.125 }),
        rule(c, a, { type: 'oneway' }),
        rule(b, clientsEnd, { type: 'oneway' }),
        rule(b, c, { type: 'reset' }),
        rule(clientsEnd, b, { type: 'reset' }),
      ],
      led: [
        { from: c, to: b },
        { from: clientsEnd, to: c },
      ],
      met: [
        { from: a, to: b, type: 'drop', count: 42 },
        { from: a, to: c, type: 'loss', count: 7 },
        { from: clientsEnd, to: a, type: 'drop', count: 5 },
        { from: b, to: c, type: 'reset', count: 3 },
      ],
    });
  });

  test('of a rule that nobody here wrote is an error', () => {
    for (const strange of [
      bridgeListing.replace(/(drop_.*) drop\n/, '$1 accept\n'),
      bridgeListing.replace(/(drop_.*) drop\n/, '$1 jump refuse\n'),
      bridgeListing.replace(`: "drop_${a}_${b}"`, `: "drop_${a}_${c}"`),
      bridgeListing.replace(`: "drop_${a}_${b}"`, `: "loss_${a}_${b}"`),
      bridgeListing.replace(`: "loss_${a}_${c}"`, `: "drop_${a}_${c}"`),
      bridgeListing.replace(`ip daddr map { ${a}`, `ip saddr map { ${a}`),
      bridgeListing.replace('tcp dport 6379', 'tcp sport 6379'),
      bridgeListing.replace('mod 1000000', 'mod 100'),
      bridgeListing.replace('dport 6379', 'dport 6380'),
      bridgeListing.replace('jump oneway', 'drop'),
    ]) {
      expect(strange).not.toBe(bridgeListing);
      expect(() => parseTables(plan, strange, null)).toThrow(/not ours/);
    }
    for (const strange of [
      ipListing.replace('jump resets', 'drop'),
      ipListing.replace(`ip protocol 6 ${pairs}`, pairs),
      ipListing.replace('dnat to', 'snat to'),
    ]) {
      expect(() => parseTables(plan, bridgeListing, strange)).toThrow(/not ours/);
    }
  });

  test('of half a rule is an error: data must be counted where acknowledgements pass', () => {
    for (const half of [
      bridgeListing.replace(/.*jump oneway\n/, ''),
      bridgeListing.replace(/.*"oneway_.*\n/, ''),
    ]) {
      expect(half).not.toBe(bridgeListing);
      expect(() => parseTables(plan, half, null)).toThrow(/not whole: oneway/);
    }
  });

  test('without the chain of the links is an error', () => {
    const empty = 'table bridge t {\n}\n';
    expect(() => parseTables(plan, empty, null)).toThrow(/no chain links/);
  });

  test('is found whole or not at all, and not for the table of another run', () => {
    for (let length = 0; length < bridgeListing.length; length++) {
      expect(findListing(bridgeListing.slice(0, length), 'bridge t')).toBeNull();
    }
    expect(findListing(`${ipListing}${bridgeListing}`, 'bridge t')).toBe(bridgeListing);
    // One that came late, of the request before, does not count.
    const late = bridgeListing.replace('packets 42', 'packets 41');
    expect(findListing(`${late}${bridgeListing}`, 'bridge t')).toBe(bridgeListing);
    expect(findListing(bridgeListing, 'bridge u')).toBeNull();
    expect(findListing(bridgeListing, 'ip t')).toBeNull();
  });
});
