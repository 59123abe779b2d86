import { describe, expect, test } from 'vitest';
import type { TracedEntry, TraceEvent } from '../../server/trace.ts';
import { Referee } from './referee.ts';

type Tale = readonly (readonly [node: string, told: TraceEvent])[];
type Told<Name extends TraceEvent['event']> = Extract<TraceEvent, { event: Name }>;

const none = { term: 0, votedFor: null, snapshotIndex: 0, firstLogIndex: 1 };
const nodes = ['n1', 'n2', 'n3'];
const members = { voters: nodes, outgoingVoters: [], learners: [], addresses: {} };

function start(changes: Partial<Told<'start'>> = {}): Told<'start'> {
  return { event: 'start', ...none, lastLogIndex: 0, lastLogTerm: 0, ...changes };
}

function leads(term: number, changes: Partial<Told<'status'>> = {}): Told<'status'> {
  const at = { lastLogIndex: 0, lastLogTerm: 0, commitIndex: 0 };
  return {
    event: 'status',
    role: 'leader',
    term,
    votedFor: 'n1',
    leaderId: changes.votedFor ?? 'n1',
    ...at,
    ...changes,
  };
}

function follows(term: number, changes: Partial<Told<'status'>> = {}): Told<'status'> {
  return { ...leads(term), role: 'follower', votedFor: null, ...changes };
}

function entry(index: number, term: number, checksum = 10 * index + term): TracedEntry {
  return { index, term, kind: 'command', checksum };
}

function append(term: number, ...entries: readonly TracedEntry[]): TraceEvent {
  return { event: 'append', term, entries };
}

const durable = (term: number, index: number): TraceEvent => ({ event: 'durable', term, index });
const commit = (term: number, index: number): TraceEvent => ({ event: 'commit', term, index });
const persisted = (term: number, votedFor: string | null): TraceEvent => {
  return { event: 'persisted', term, votedFor };
};
const apply = (index: number, entryTerm: number): TraceEvent => {
  return { event: 'apply', index, entryTerm };
};
const snapshot = (index: number, term: number): TraceEvent => ({ event: 'snapshot', index, term });
const install = (index: number, term: number): TraceEvent => ({ event: 'install', index, term });
const hash = (index: number, value: string): TraceEvent => ({ event: 'hash', index, hash: value });

const begin: Tale = nodes.flatMap(
  (node): Tale => [
    [node, start()],
    [node, { event: 'configuration', index: 0, configuration: members }],
  ],
);

/** n1 leads term 1 and commits 1@1 and 2@1; n2 has both on disk, n3 nothing. */
const good: Tale = [
  ...begin,
  ['n1', leads(1)],
  ['n2', follows(1)],
  ['n1', append(1, entry(1, 1), entry(2, 1))],
  ['n2', append(1, entry(1, 1), entry(2, 1))],
  ['n2', durable(1, 2)],
  ['n1', durable(1, 2)],
  ['n1', commit(1, 2)],
  ['n1', apply(1, 1)],
  ['n1', apply(2, 1)],
];

/** n1 and n2 change the members; of those before, these have nothing of it. */
function changedWithout(...others: readonly string[]): Tale {
  const configuration = { ...members, outgoingVoters: ['n1', ...others] };
  const change = { ...entry(3, 1), kind: 'configuration' as const };
  const each = (node: string): Tale => [
    [node, append(1, change)],
    [node, { event: 'configuration', index: 3, configuration }],
    [node, durable(1, 3)],
  ];
  return [...each('n2'), ...each('n1'), ['n1', commit(1, 3)]];
}

function judge(...tales: readonly Tale[]): Referee {
  const referee = new Referee();
  const lives = new Map<string, number>();
  for (const [timeUs, [node, told]] of tales.flat().entries()) {
    if (told.event === 'start') lives.set(node, (lives.get(node) ?? 0) + 1);
    referee.observe({ node, life: lives.get(node) ?? 1, timeUs, told });
  }
  return referee;
}

/** These tales leave out how the leaders were elected. */
function violationsOf({ violations }: Referee): readonly string[] {
  return violations.filter((violation) => !violation.startsWith('elected: '));
}

const restarted = start({ term: 1, lastLogIndex: 2, lastLogTerm: 1 });

describe('the referee finds nothing wrong', () => {
  const fine: Readonly<Record<string, Tale>> = {
    'with a term in which all goes well': [],
    'with a restart that keeps what was durable': [['n2', restarted]],
    'with a restart that loses what was not': [
      ['n2', append(1, entry(3, 1))],
      ['n2', restarted],
    ],
    'with a tail of an old term that a new leader replaces': [
      ['n1', append(1, entry(3, 1))],
      ['n1', durable(1, 3)],
      ['n2', leads(2, { lastLogIndex: 2, lastLogTerm: 1, votedFor: 'n2' })],
      ['n2', append(2, entry(3, 2))],
      ['n1', follows(2, { leaderId: 'n2', lastLogIndex: 3, lastLogTerm: 1, commitIndex: 2 })],
      ['n1', append(2, entry(3, 2))],
      // The replacement was not durable, so the old tail is back.
      ['n1', start({ term: 2, lastLogIndex: 3, lastLogTerm: 1 })],
    ],
    'with a snapshot that takes the place of a log that was never there': [
      ['n1', snapshot(2, 1)],
      ['n3', install(2, 1)],
      ['n3', durable(1, 2)],
      ['n1', append(1, entry(3, 1))],
      ['n3', append(1, entry(3, 1))],
      [
        'n3',
        start({ term: 1, snapshotIndex: 2, firstLogIndex: 3, lastLogIndex: 2, lastLogTerm: 1 }),
      ],
    ],
    'with a leader of an old term that was elected too late to know': [
      ['n3', append(1, entry(1, 1), entry(2, 1))],
      ['n2', leads(3, { lastLogIndex: 2, lastLogTerm: 1, votedFor: 'n2' })],
      ['n2', append(3, entry(3, 3))],
      ['n1', follows(3, { lastLogIndex: 2, lastLogTerm: 1, commitIndex: 2, leaderId: 'n2' })],
      ['n1', append(3, entry(3, 3))],
      ['n1', durable(3, 3)],
      ['n2', durable(3, 3)],
      ['n2', commit(3, 3)],
      ['n3', leads(2, { lastLogIndex: 2, lastLogTerm: 1, votedFor: 'n3' })],
    ],
    'with a vote that was not durable, and is given to another one after a crash': [
      ['n3', persisted(1, null)],
      ['n3', follows(2, { votedFor: 'n1' })],
      ['n3', start({ term: 1 })],
      ['n3', follows(2, { votedFor: 'n2' })],
      ['n3', persisted(2, 'n2')],
    ],
    'with a vote that a restart brings back, and a later one': [
      ['n3', follows(2, { votedFor: 'n1' })],
      ['n3', persisted(2, 'n1')],
      ['n3', start({ term: 2, votedFor: 'n1' })],
      ['n3', follows(3)],
      ['n3', start({ term: 3 })],
    ],
    'with equal hashes': [
      ['n1', hash(2, 'a')],
      ['n2', hash(2, 'a')],
    ],
  };
  for (const [title, tale] of Object.entries(fine)) {
    test(title, () => expect(violationsOf(judge(good, tale))).toEqual([]));
  }

  test('and counts what it saw', () => {
    const { terms, committed, events } = judge(good).counts;
    expect({ terms, committed, applied: events.get('apply') }).toEqual({
      terms: 1,
      committed: 2,
      applied: 2,
    });
  });

  test('with a disk that was taken away, once it is told so', () => {
    const referee = judge(good);
    referee.forget('n2');
    referee.observe({ node: 'n2', life: 2, timeUs: 99, told: start() });
    expect(violationsOf(referee)).toEqual([]);
  });
});

describe('the referee sees', () => {
  const bad: Readonly<Record<string, readonly [promise: string, tale: Tale]>> = {
    'two leaders in a term': [
      'election safety',
      [['n2', leads(1, { lastLogIndex: 2, lastLogTerm: 1, votedFor: 'n2' })]],
    ],
    'a leader that lacks a committed entry': ['leader completeness', [['n3', leads(2)]]],
    'a leader that has another entry in its place': [
      'leader completeness',
      [
        ['n3', append(1, entry(1, 1))],
        ['n3', leads(2, { lastLogIndex: 1, lastLogTerm: 1 })],
      ],
    ],
    'a second vote in a term': [
      'one vote',
      [
        ['n3', follows(1, { votedFor: 'n1' })],
        ['n3', follows(1, { votedFor: 'n2' })],
      ],
    ],
    'a term that falls': [
      'terms',
      [
        ['n3', follows(4)],
        ['n3', follows(3)],
      ],
    ],
    'a term that a crash took below an entry on disk': [
      'terms survive',
      [['n2', start({ lastLogIndex: 2, lastLogTerm: 1 })]],
    ],
    'a term that a crash took, and that was durable': [
      'terms survive',
      [
        ['n3', follows(2)],
        ['n3', persisted(2, null)],
        ['n3', start({ term: 1 })],
      ],
    ],
    'a vote that a crash took, and that was durable': [
      'votes survive',
      [
        ['n3', follows(2, { votedFor: 'n1' })],
        ['n3', persisted(2, 'n1')],
        ['n3', start({ term: 2 })],
      ],
    ],
    'a vote that is another one after a restart': [
      'votes survive',
      [
        ['n3', follows(2, { votedFor: 'n1' })],
        ['n3', persisted(2, 'n1')],
        ['n3', start({ term: 2, votedFor: 'n2' })],
      ],
    ],
    'two durable votes in a term': [
      'votes survive',
      [
        ['n3', persisted(2, 'n1')],
        ['n3', persisted(2, 'n2')],
      ],
    ],
    'a leader that replaces an entry of its own': [
      'leader append-only',
      [['n1', append(1, entry(2, 1))]],
    ],
    'one name for two entries': ['log matching', [['n3', append(1, entry(1, 1, 99))]]],
    'one entry behind two different ones': [
      'log matching',
      [
        ['n3', append(2, entry(1, 0))],
        ['n3', append(2, entry(2, 1))],
      ],
    ],
    'a log whose terms fall': [
      'log order',
      [
        ['n3', append(2, entry(1, 2))],
        ['n3', append(2, entry(2, 1, 77))],
      ],
    ],
    'a committed entry that is replaced': [
      'committed stays',
      [
        ['n1', follows(2, { lastLogIndex: 2, lastLogTerm: 1, commitIndex: 2 })],
        ['n1', append(2, entry(2, 2))],
      ],
    ],
    'a commit that only the leader has on disk': [
      'quorum',
      [
        ['n1', append(1, entry(3, 1))],
        ['n1', durable(1, 3)],
        ['n1', commit(1, 3)],
      ],
    ],
    'a commit that a majority has, but not on disk': [
      'quorum',
      [
        ['n1', append(1, entry(3, 1))],
        ['n2', append(1, entry(3, 1))],
        ['n3', append(1, entry(1, 1), entry(2, 1), entry(3, 1))],
        ['n1', durable(1, 3)],
        ['n1', commit(1, 3)],
      ],
    ],
    'a commit without the majority of the old members': ['quorum', changedWithout('n3', 'n4')],
    'two entries that are committed under one index': [
      'state machine safety',
      [
        ['n3', append(2, entry(1, 2))],
        ['n3', commit(2, 1)],
      ],
    ],
    'an entry that is applied and not the committed one': [
      'state machine safety',
      [
        ['n2', commit(1, 2)],
        ['n2', apply(1, 7)],
      ],
    ],
    'a commit index that falls': ['commit index', [['n1', commit(1, 1)]]],
    'a commit behind the end of the log': ['commit index', [['n2', commit(1, 3)]]],
    'an entry that is applied twice': ['apply order', [['n1', apply(2, 1)]]],
    'an entry that is applied before it is committed': ['apply order', [['n2', apply(1, 1)]]],
    'a restart without what was durable': [
      'durability',
      [['n2', start({ term: 1, lastLogIndex: 1, lastLogTerm: 1 })]],
    ],
    'a restart with an entry that never was': [
      'no invention',
      [['n2', start({ term: 5, lastLogIndex: 3, lastLogTerm: 5 })]],
    ],
    'a restart with a gap behind the snapshot': [
      'no gap',
      [
        ['n1', snapshot(1, 1)],
        ['n1', { ...restarted, snapshotIndex: 1, firstLogIndex: 3 }],
      ],
    ],
    'a snapshot that a crash took': [
      'snapshots survive',
      [
        ['n1', snapshot(2, 1)],
        ['n1', restarted],
      ],
    ],
    'a snapshot of what was not applied': ['snapshots', [['n2', snapshot(2, 1)]]],
    'a snapshot of what was not committed': ['snapshots', [['n3', install(3, 1)]]],
    'a snapshot that takes a state back': ['snapshots', [['n1', install(1, 1)]]],
    'states that differ': [
      'equal states',
      [
        ['n1', hash(2, 'a')],
        ['n2', hash(2, 'b')],
      ],
    ],
    'a node that says other than it told': [
      'trace',
      [
        ['n2', follows(1)],
        ['n2', commit(1, 1)],
      ],
    ],
    'a term that is below that of the last entry, after a restart': [
      'terms',
      [
        ['n2', append(2, entry(3, 2))],
        ['n2', start({ term: 1, lastLogIndex: 3, lastLogTerm: 2 })],
      ],
    ],
    'a commit index that is claimed behind the end': [
      'commit index',
      [['n1', leads(1, { lastLogIndex: 2, lastLogTerm: 1, commitIndex: 3 })]],
    ],
    'an append that leaves a gap': ['trace', [['n3', append(1, entry(2, 1))]]],
    'entries that do not follow each other': [
      'log order',
      [['n3', append(1, entry(1, 1), entry(3, 1))]],
    ],
    'more on disk than in the log': ['trace', [['n3', durable(1, 1)]]],
    'less on disk than before': ['durability', [['n1', durable(1, 1)]]],
    'a snapshot that is older than the last': [
      'snapshots',
      [
        ['n1', snapshot(2, 1)],
        ['n1', snapshot(1, 1)],
      ],
    ],
    'a life that nobody saw begin': ['trace', [['n4', follows(1)]]],
  };
  for (const [title, [promise, tale]] of Object.entries(bad)) {
    test(title, () => {
      const [first = 'nothing'] = violationsOf(judge(good, tale));
      expect(first.split(':')[0]).toBe(promise);
    });
  }

  const sentences: readonly (readonly [words: string, tale: Tale])[] = [
    [
      'quorum: entry 3 of term 1 counted as committed while only 1 of 3 nodes had it on disk: n1',
      bad['a commit that only the leader has on disk']?.[1] ?? [],
    ],
    [
      'log matching: there are two of entry 1 of term 1: here it is a command of checksum 99, ' +
        'and elsewhere a command of checksum 11',
      bad['one name for two entries']?.[1] ?? [],
    ],
    [
      'votes survive: its vote is for nobody in term 2, though its vote for n1 in term 2 was on ' +
        'its disk',
      bad['a vote that a crash took, and that was durable']?.[1] ?? [],
    ],
    ['trace: it appends entry 2 to a log that holds nothing', [['n3', append(1, entry(2, 1))]]],
    [
      'durability: after a restart its log ends with no entry, though entry 2 of term 1 was on ' +
        'its disk',
      [['n2', start({ term: 1 })]],
    ],
  ];
  for (const [words, tale] of sentences) {
    test(`in words: ${words.slice(0, 40)} …`, () => {
      const [first = 'nothing'] = violationsOf(judge(good, tale));
      expect(first.replace(/ \(n\d, life .*$/, '')).toBe(words);
    });
  }

  test('which node told it, in which life and when', () => {
    const [first] = violationsOf(judge(good, [['n3', leads(2)]]));
    expect(first).toBe(
      'leader completeness: entry 1 of term 1 was committed, and the leader of term 2 does not ' +
        'have it (n3, life 1, at 0.015 ms)',
    );
  });
});
