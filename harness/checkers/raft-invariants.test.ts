/** Traces and samples by hand: what is allowed, and each promise broken. */
import { describe, expect, test } from 'vitest';
import type { CheckerResult, IntrospectionSample, RunFault } from '../checker.ts';
import type { RaftEntry, RaftEvent } from '../raft-event.ts';
import { raftInvariants } from './raft-invariants.ts';
import { runOf } from './raft-invariants-run.ts';

type Tale = readonly (readonly [node: string, told: RaftEvent])[];
type Event<Name extends RaftEvent['event']> = Extract<RaftEvent, { event: Name }>;

const nodes = ['n1', 'n2', 'n3'];
const nothing = { term: 0, votedFor: null, snapshotIndex: 0, firstLogIndex: 1 };

function start(changes: Partial<Event<'start'>> = {}): RaftEvent {
  return { event: 'start', ...nothing, lastLogIndex: 0, lastLogTerm: 0, ...changes };
}

function leads(term: number, changes: Partial<Event<'status'>> = {}): Event<'status'> {
  const at = { lastLogIndex: 0, lastLogTerm: 0, commitIndex: 0 };
  const who = { votedFor: 'n1', leaderId: null };
  return { event: 'status', role: 'leader', term, ...who, ...at, ...changes };
}

function follows(term: number, changes: Partial<Event<'status'>> = {}): RaftEvent {
  return { ...leads(term), role: 'follower', votedFor: null, ...changes };
}

function entry(index: number, term: number, checksum = 10 * index + term): RaftEntry {
  return { index, term, checksum };
}

function append(term: number, ...entries: readonly RaftEntry[]): RaftEvent {
  return { event: 'append', term, entries };
}

const persisted = (term: number, votedFor: string | null): RaftEvent => {
  return { event: 'persisted', term, votedFor };
};
const durable = (term: number, index: number): RaftEvent => ({ event: 'durable', term, index });
const commit = (term: number, index: number): RaftEvent => ({ event: 'commit', term, index });
const apply = (index: number, entryTerm: number): RaftEvent => {
  return { event: 'apply', index, entryTerm };
};
const snapshot = (index: number, term: number): RaftEvent => ({ event: 'snapshot', index, term });
const install = (index: number, term: number): RaftEvent => ({ event: 'install', index, term });
const hash = (index: number, value: string): RaftEvent => ({ event: 'hash', index, hash: value });

/** n1 leads term 1 and commits 1@1 and 2@1; n2 has both on disk, n3 nothing. */
const good: Tale = [
  ...nodes.map((node) => [node, start()] as const),
  ['n1', persisted(1, 'n1')],
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

/** In whatever order the nodes' traces are read, and however often: the result is one. */
async function judge(...tales: readonly Tale[]): Promise<CheckerResult> {
  const tale = tales.flat();
  const traceOf = (node: string) => ({
    node,
    events: tale.filter(([told]) => told === node).map(([, event]) => event),
  });
  const orders = [nodes, [...nodes].reverse(), ['n2', 'n1', 'n3'], ['n2', 'n3', 'n1']];
  const results = await Promise.all(
    orders.map((order) => raftInvariants.check(runOf({ traces: order.map(traceOf) }))),
  );
  const [first] = results;
  if (first === undefined) throw new Error('there are no orders');
  for (const other of results) {
    expect(promisesOf(other)).toEqual(promisesOf(first));
    expect(other.valid).toBe(first.valid);
  }
  return first;
}

function promisesOf({ details }: CheckerResult): readonly string[] {
  return Object.keys(details['counts'] ?? {});
}

const restarted = { term: 1, votedFor: 'n1', lastLogIndex: 2, lastLogTerm: 1 };
const follower = start({ term: 1, lastLogIndex: 2, lastLogTerm: 1 });

describe('nothing is wrong', () => {
  const fine: Readonly<Record<string, Tale>> = {
    'with a term in which all goes well': [],
    'with a restart that keeps what was durable': [['n2', follower]],
    'with a restart that loses what was not': [
      ['n2', append(1, entry(3, 1))],
      ['n2', follower],
    ],
    'with a restart after which the same is committed and applied once more': [
      ['n1', start({ term: 1, votedFor: 'n1', lastLogIndex: 2, lastLogTerm: 1 })],
      ['n1', commit(1, 1)],
      ['n1', apply(1, 1)],
      ['n1', commit(1, 2)],
      ['n1', apply(2, 1)],
    ],
    'with a restart that finds entries of which nobody told': [
      ['n2', start({ term: 4, lastLogIndex: 9, lastLogTerm: 4 })],
      ['n2', commit(4, 6)],
      ['n2', append(5, entry(7, 5))],
      ['n2', commit(5, 7)],
    ],
    'with a restart that has lost what was durable and not committed': [
      ['n2', append(1, entry(3, 1))],
      ['n2', durable(1, 3)],
      // A leader of term 2 replaced it; the lines that tell so were lost.
      ['n2', follower],
    ],
    'with a tail of an old term that a new leader replaces': [
      ['n1', append(1, entry(3, 1))],
      ['n1', durable(1, 3)],
      ['n2', leads(2, { lastLogIndex: 2, lastLogTerm: 1, votedFor: 'n2' })],
      ['n2', append(2, entry(3, 2))],
      ['n1', follows(2, { lastLogIndex: 3, lastLogTerm: 1, commitIndex: 2 })],
      ['n1', append(2, entry(3, 2))],
      // The replacement was not durable, so the old tail is back.
      ['n1', start({ term: 2, lastLogIndex: 3, lastLogTerm: 1 })],
      ['n1', append(2, entry(3, 2))],
      ['n1', commit(2, 3)],
    ],
    'with a snapshot that takes the place of a log that was never there': [
      ['n1', snapshot(2, 1)],
      ['n3', follows(1)],
      ['n3', install(2, 1)],
      ['n3', durable(1, 2)],
      ['n1', append(1, entry(3, 1))],
      ['n3', append(1, entry(3, 1))],
      [
        'n3',
        start({ term: 1, snapshotIndex: 2, firstLogIndex: 3, lastLogIndex: 2, lastLogTerm: 1 }),
      ],
    ],
    'with a snapshot in the middle of a log that nobody knows': [
      ['n3', start({ term: 3, lastLogIndex: 9, lastLogTerm: 2 })],
      ['n3', install(2, 1)],
      ['n3', commit(3, 7)],
      ['n3', durable(3, 8)],
      ['n3', append(3, entry(9, 3))],
      ['n3', commit(3, 9)],
    ],
    'with a leader of an old term that was elected too late to know': [
      ['n3', append(1, entry(1, 1), entry(2, 1))],
      ['n2', leads(3, { lastLogIndex: 2, lastLogTerm: 1, votedFor: 'n2' })],
      ['n2', append(3, entry(3, 3))],
      ['n1', follows(3, { commitIndex: 2, lastLogIndex: 2, lastLogTerm: 1 })],
      ['n1', append(3, entry(3, 3))],
      ['n1', commit(3, 3)],
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
      ['n3', persisted(2, 'n1')],
      ['n3', start({ term: 2, votedFor: 'n1' })],
      ['n3', follows(3)],
      ['n3', persisted(3, 'n2')],
      ['n3', start({ term: 3, votedFor: 'n2' })],
    ],
    'with equal hashes': [
      ['n1', hash(2, 'a')],
      ['n2', hash(2, 'a')],
    ],
    'with a leader whose log begins with a snapshot': [
      ['n3', follows(1)],
      ['n3', install(2, 1)],
      ['n3', leads(2, { lastLogIndex: 2, lastLogTerm: 1, commitIndex: 2 })],
    ],
  };
  for (const [title, tale] of Object.entries(fine)) {
    test(title, async () => {
      const result = await judge(good, tale);
      expect(result.details['violations']).toEqual([]);
      expect(result.valid).toBe(true);
    });
  }

  test('and it counts what it saw, and says what it could not see', async () => {
    const result = await judge(good);
    expect(result.details).toMatchObject({ events: 13, lives: 3, terms: 1, committed: 2 });
    expect(result.summary).toContain(
      'nothing broken in 13 events of the traces (3 lives, 1 term, 2 entries',
    );
    expect(result.blind.join()).toMatch(/lies is believed.*killed.*a majority/);
  });

  test('and it says how many commits it could not place', async () => {
    const result = await judge([
      ...nodes.map((node) => [node, start({ term: 2, lastLogIndex: 9, lastLogTerm: 2 })] as const),
      ['n1', commit(2, 9)],
    ]);
    expect(result.blind.join()).toContain('which entries 8 of the commits were');
  });
});

describe('it sees', () => {
  const bad: Readonly<Record<string, readonly [promise: string, words: string, tale: Tale]>> = {
    'two leaders in a term': [
      'election safety',
      'in term 1',
      [['n2', leads(1, { lastLogIndex: 2, lastLogTerm: 1, votedFor: 'n2' })]],
    ],
    'two leaders in a term, long after each other': [
      'election safety',
      'in term 1',
      [
        ['n3', start({ term: 1 })],
        ['n3', append(1, entry(1, 1), entry(2, 1))],
        ['n3', leads(1, { votedFor: 'n3' })],
      ],
    ],
    'a leader that lacks a committed entry': [
      'leader completeness',
      'entry 1 of term 1 was committed; n3 became leader of term 2 with a log that ends',
      [['n3', leads(2)]],
    ],
    'a leader that has another entry in its place': [
      'leader completeness',
      'that entry 2 of term 1 was committed',
      [
        ['n3', append(1, entry(1, 1))],
        ['n3', append(2, entry(2, 2))],
        ['n3', leads(3, { lastLogIndex: 2, lastLogTerm: 2 })],
      ],
    ],
    'a leader that lacks what a follower of a lower term took for committed': [
      'leader completeness',
      'n3 became leader of term 4 with a log that ends with entry 2',
      [
        ['n2', append(2, entry(3, 2))],
        ['n2', commit(3, 3)],
        ['n3', append(1, entry(1, 1), entry(2, 1))],
        ['n3', leads(4)],
      ],
    ],
    'a leader that lacks it, though lines of the log before were lost': [
      'leader completeness',
      'ends with entry 2',
      [
        ['n1', append(1, entry(3, 1))],
        ['n1', commit(1, 3)],
        ['n3', start({ term: 1, lastLogIndex: 2, lastLogTerm: 1 })],
        ['n3', leads(2)],
      ],
    ],
    'a second vote in a term': [
      'one vote a term',
      'in term 1 for n1, then for n2',
      [
        ['n3', follows(1, { votedFor: 'n1' })],
        ['n3', follows(1, { votedFor: 'n2' })],
      ],
    ],
    'a vote that was there at the start and is given to another': [
      'one vote a term',
      'in term 2 for n1, then for n2',
      [
        ['n3', start({ term: 2, votedFor: 'n1' })],
        ['n3', follows(2, { votedFor: 'n2' })],
      ],
    ],
    'a vote that a crash took, and that was durable': [
      'one vote a term',
      'in term 2 for nobody, though a vote for n1 was on its disk',
      [
        ['n3', persisted(2, 'n1')],
        ['n3', start({ term: 2 })],
      ],
    ],
    'a vote that is another one after a restart': [
      'one vote a term',
      'in term 2 for n2, though a vote for n1 was on its disk',
      [
        ['n3', start({ term: 2, votedFor: 'n1' })],
        ['n3', start({ term: 2, votedFor: 'n2' })],
      ],
    ],
    'two durable votes in a term': [
      'one vote a term',
      'in term 2 for n2, though a vote for n1 was on its disk',
      [
        ['n3', persisted(2, 'n1')],
        ['n3', persisted(2, 'n2')],
      ],
    ],
    'a term that falls': [
      'monotonic term',
      'it went back from 4 to 3',
      [
        ['n3', follows(4)],
        ['n3', follows(3)],
      ],
    ],
    'a durable term that falls': [
      'monotonic term',
      '4 was on its disk, and then 3',
      [
        ['n3', persisted(4, null)],
        ['n3', persisted(3, null)],
      ],
    ],
    'a term that a crash took, and that was durable': [
      'monotonic term',
      'after a restart 1, though 2 was on its disk',
      [
        ['n3', persisted(2, null)],
        ['n3', start({ term: 1 })],
      ],
    ],
    'a term that a crash took, below an entry that was on disk': [
      'monotonic term',
      'after a restart 0, though 1 was on its disk',
      [['n2', start({ lastLogIndex: 2, lastLogTerm: 0 })]],
    ],
    'a term that a crash took, and that was there at the start before': [
      'monotonic term',
      'after a restart 4, though 5 was on its disk',
      [
        ['n3', start({ term: 5 })],
        ['n3', start({ term: 4 })],
      ],
    ],
    'a term that a crash took from a leader': [
      'monotonic term',
      'after a restart 6, though 7 was on its disk',
      [
        ['n2', leads(7, { lastLogIndex: 2, lastLogTerm: 1 })],
        ['n2', start({ term: 6, lastLogIndex: 2, lastLogTerm: 1 })],
      ],
    ],
    'a term below that of the last entry, after a restart': [
      'monotonic term',
      'it is in term 1, and its last entry is of term 2',
      [['n3', start({ term: 1, lastLogIndex: 3, lastLogTerm: 2 })]],
    ],
    'an entry of a term that has not begun': [
      'monotonic term',
      'entry 1 of term 2 was appended in term 1',
      [['n3', append(1, entry(1, 2))]],
    ],
    'a leader that replaces an entry of its own': [
      'leader append-only',
      'a leader replaced its own log from entry 4 on',
      [
        ['n1', append(1, entry(3, 1), entry(4, 1))],
        ['n1', append(1, entry(4, 1))],
      ],
    ],
    'a leader that gives up its log for a snapshot': [
      'leader append-only',
      'a snapshot up to entry 7',
      [['n1', install(7, 1)]],
    ],
    'one name for two entries': [
      'log matching',
      'there are two of entry 1 of term 1: one has the checksum',
      [['n3', append(1, entry(1, 1, 99))]],
    ],
    'one entry behind two different ones': [
      'log matching',
      'there are two of entry 2 of term 2: one follows an entry of term',
      [
        ['n3', append(2, entry(1, 1), entry(2, 2))],
        ['n2', start({ term: 2, lastLogIndex: 1, lastLogTerm: 2 })],
        ['n2', append(2, entry(2, 2))],
      ],
    ],
    'a log whose terms fall': [
      'log matching',
      'entry 2 of term 1 comes right after one of term 2',
      [['n3', append(2, entry(1, 2), entry(2, 1, 21))]],
    ],
    'a committed entry that is replaced': [
      'state machine safety',
      'it replaced entry 2, and up to 2 they were committed',
      [
        ['n1', follows(2, { lastLogIndex: 2, lastLogTerm: 1, commitIndex: 2 })],
        ['n1', append(2, entry(2, 2))],
      ],
    ],
    'two entries that are committed under one index': [
      'state machine safety',
      'entry 1 of term',
      [
        ['n3', append(2, entry(1, 2))],
        ['n3', commit(2, 1)],
      ],
    ],
    'an entry that is applied and not the committed one': [
      'state machine safety',
      'entry 1 of term',
      [
        ['n2', commit(1, 2)],
        ['n2', apply(1, 7)],
      ],
    ],
    'a snapshot of another entry than the committed one': [
      'state machine safety',
      'entry 2 of term',
      [
        ['n3', follows(8)],
        ['n3', install(2, 7)],
      ],
    ],
    'states that differ': [
      'state machine safety',
      'after entry 2 the hash is',
      [
        ['n1', hash(2, 'a')],
        ['n2', hash(2, 'b')],
      ],
    ],
    'a commit index that falls': [
      'commit index',
      'it went back from 2 to 1',
      [['n1', commit(1, 1)]],
    ],
    'a commit index that falls in what a node says of itself': [
      'commit index',
      'it went back from 2 to 1',
      [['n1', leads(1, { lastLogIndex: 2, lastLogTerm: 1, commitIndex: 1 })]],
    ],
    'a commit behind the end of the log': [
      'commit index',
      'it is 3, and the log ends with entry 2',
      [['n2', commit(1, 3)]],
    ],
    'a commit index that is claimed behind the end': [
      'commit index',
      'it is 3, and the log ends with entry 2',
      [['n1', leads(1, { lastLogIndex: 2, lastLogTerm: 1, commitIndex: 3 })]],
    ],
    'an entry that is applied twice': [
      'apply order',
      'it applied entry 2 right after entry 2',
      [['n1', apply(2, 1)]],
    ],
    'an entry that is left out': [
      'apply order',
      'it applied entry 2 right after entry 0',
      [
        ['n2', commit(1, 2)],
        ['n2', apply(2, 1)],
      ],
    ],
    'an entry that is applied before it is committed': [
      'apply order',
      'it applied entry 1 while only up to 0 they were committed',
      [['n2', apply(1, 1)]],
    ],
    'a restart without what was durable and committed': [
      'durability',
      'the log ends with entry 1 of term 1, though entry 2 of term 1 was committed',
      [['n1', start({ term: 1, votedFor: 'n1', lastLogIndex: 1, lastLogTerm: 1 })]],
    ],
    'a restart without what was there at the start and committed then': [
      'durability',
      'the log ends with entry 1 of term 1, though entry 2 of term 1 was committed',
      [
        ['n3', start({ term: 1, lastLogIndex: 2, lastLogTerm: 1 })],
        ['n3', commit(1, 2)],
        ['n3', start({ term: 1, lastLogIndex: 1, lastLogTerm: 1 })],
      ],
    ],
    'a restart with another entry in its place': [
      'durability',
      'entry 2 of term 1 was committed and on its disk',
      [
        ['n3', append(2, entry(1, 1), entry(2, 2), entry(3, 2))],
        ['n1', start({ term: 2, lastLogIndex: 3, lastLogTerm: 2 })],
      ],
    ],
    'a restart with a gap behind the snapshot': [
      'durability',
      'its log begins with 3, its snapshot ends with 1',
      [['n1', start({ ...restarted, snapshotIndex: 1, firstLogIndex: 3 })]],
    ],
    'a snapshot that a crash took': [
      'snapshots',
      'after a restart one up to entry 0',
      [
        ['n1', snapshot(2, 1)],
        ['n1', start(restarted)],
      ],
    ],
    'a snapshot that a crash took, and that was there at the start before': [
      'snapshots',
      'after a restart one up to entry 0',
      [
        ['n3', start({ term: 1, snapshotIndex: 2, lastLogIndex: 2, lastLogTerm: 1 })],
        ['n3', start({ term: 1, lastLogIndex: 2, lastLogTerm: 1 })],
      ],
    ],
    'a snapshot of what was not applied': [
      'snapshots',
      'it took one up to entry 2, and had applied only up to 0',
      [['n2', snapshot(2, 1)]],
    ],
    'a snapshot that is older than the last': [
      'snapshots',
      'it took one up to entry 1, and had one up to 2',
      [
        ['n1', snapshot(2, 1)],
        ['n1', snapshot(1, 1)],
      ],
    ],
    'a snapshot that takes a state back': [
      'snapshots',
      'it installed one up to entry 1, and had applied up to 2',
      [
        ['n2', commit(1, 2)],
        ['n2', apply(1, 1)],
        ['n2', apply(2, 1)],
        ['n2', install(1, 1)],
      ],
    ],
    'a snapshot of what was never committed': [
      'leader completeness',
      'n3 told in term 1 that entry 9 of term 1 was committed',
      [
        ['n3', follows(1)],
        ['n3', install(9, 1)],
        ['n2', leads(2, { lastLogIndex: 2, lastLogTerm: 1, votedFor: 'n2' })],
      ],
    ],
  };
  for (const [title, [promise, words, tale]] of Object.entries(bad)) {
    test(title, async () => {
      const result = await judge(good, tale);
      expect(result.valid).toBe(false);
      expect(promisesOf(result)).toEqual([promise]);
      expect(result.summary).toContain(promise);
      expect(result.summary).toContain(words);
    });
  }

  test('which node told it, in which life, and where in its trace', async () => {
    const { summary } = await judge(good, [
      ['n3', start()],
      ['n3', leads(2)],
    ]);
    expect(summary).toMatch(/\(n3, life 2, event 3 of its trace\)$/);
  });

  test('how many there are, when it tells the first alone', async () => {
    const votes = [1, 2, 3, 4, 5, 6, 7].map((at) => ['n3', persisted(2, `m${at}`)] as const);
    const result = await judge(good, votes);
    expect(result.details['counts']).toEqual({ 'one vote a term': 6 });
    expect(result.details['violations']).toHaveLength(5);
    expect(result.summary).toContain('and 4 more');
  });
});

describe('a trace that cannot be believed leaves the run unknown', () => {
  const odd: Readonly<Record<string, readonly [words: string, tale: Tale]>> = {
    'an append that leaves a gap': ['3 is appended', [['n3', append(1, entry(3, 1))]]],
    'entries that do not follow each other': [
      '3 is appended to a log that ends at 1',
      [['n3', append(1, entry(1, 1), entry(3, 1))]],
    ],
    'more on disk than in the log': [
      'entry 1 is on its disk, and its log',
      [['n3', durable(1, 1)]],
    ],
  };
  for (const [title, [words, tale]] of Object.entries(odd)) {
    test(title, async () => {
      expect(await judge(good, tale)).toMatchObject({
        valid: 'unknown',
        summary: expect.stringContaining(words),
      });
    });
  }

  test('one that is empty, and one that does not begin with a start', async () => {
    const empty = good.filter(([node]) => node !== 'n3');
    expect(await judge(empty)).toMatchObject({
      valid: 'unknown',
      summary: 'the trace of n3 is empty',
      blind: expect.arrayContaining(['the trace of n3 is empty']),
    });
    expect(await judge([['n3', commit(1, 5)]], good)).toMatchObject({
      valid: 'unknown',
      summary: expect.stringContaining('does not begin with a start'),
    });
  });

  test('one that breaks off, but a violation before it counts', async () => {
    const told = (events: readonly RaftEvent[]) => ({
      node: 'n1',
      events: {
        *[Symbol.iterator]() {
          yield* events;
          throw new Error('line 7 is no JSON');
        },
      },
    });
    const check = (events: readonly RaftEvent[]) =>
      raftInvariants.check(runOf({ traces: [told(events)] }));
    expect(await check([start()])).toMatchObject({
      valid: 'unknown',
      summary: 'the trace of n1 was not read to its end: line 7 is no JSON',
    });
    expect(await check([start(), commit(1, 1)])).toMatchObject({ valid: false });
  });

  test('one that can be read once only', async () => {
    const events = [start()][Symbol.iterator]();
    const once = { [Symbol.iterator]: () => events };
    const result = await raftInvariants.check(runOf({ traces: [{ node: 'n1', events: once }] }));
    expect(result).toMatchObject({ valid: 'unknown' });
  });
});

describe('what nodes say when they are asked', () => {
  const sample = (changes: Partial<IntrospectionSample> = {}): IntrospectionSample => {
    const at = { askedNs: 10, timeNs: 20, node: 'n1', life: 1, role: 'follower', term: 3 };
    const log = { leader: null, commitIndex: 5, appliedIndex: 4, lastLogIndex: 6 };
    return { ...at, ...log, ...changes };
  };
  const later = { askedNs: 30, timeNs: 40 };
  const judgeSamples = (...samples: readonly IntrospectionSample[]) =>
    raftInvariants.check(runOf({ samples }));

  test('may stand still, may overtake each other, and may go back in another life', async () => {
    const fine = await judgeSamples(
      sample(),
      sample(later),
      sample({ ...later, askedNs: 20, term: 2, commitIndex: 1, appliedIndex: 1 }),
      sample({ askedNs: 50, timeNs: 60, life: 2, term: 1, commitIndex: 0, appliedIndex: 0 }),
      sample({ askedNs: 50, timeNs: 60, node: 'n2', term: 1, commitIndex: 0, appliedIndex: 0 }),
    );
    expect(fine).toMatchObject({ valid: true, summary: 'nothing broken in 5 answers of nodes' });
    expect(fine.blind.join()).toContain('between two looks at the nodes: no traces');
  });

  const wrong: Readonly<Record<string, Partial<IntrospectionSample>>> = {
    'monotonic term: n1 said term 2 after 3': { term: 2 },
    'commit index: n1 said commitIndex 4 after 5': { commitIndex: 4 },
    'apply order: n1 said appliedIndex 3 after 4': { appliedIndex: 3 },
    'apply order: n1 had applied up to 6, and committed up to 5': { appliedIndex: 6 },
    'commit index: n1 had committed up to 7, and its log ends with entry 6': { commitIndex: 7 },
  };
  for (const [words, changes] of Object.entries(wrong)) {
    test(words, async () => {
      const result = await judgeSamples(sample({ ...later, ...changes }), sample());
      expect(result).toMatchObject({ valid: false, summary: expect.stringContaining(words) });
    });
  }

  test('two leaders in a term, by a look and by a look or a trace', async () => {
    const one = sample({ role: 'leader' });
    const words = 'election safety: n2 leads in term 3, and so did n1';
    expect(await judgeSamples(one, { ...one, node: 'n2', life: 4 })).toMatchObject({
      valid: false,
      summary: words,
    });
    const traces = [{ node: 'n1', events: [start(), leads(3)] }];
    const both = runOf({ traces, samples: [{ ...one, node: 'n2' }] });
    expect(await raftInvariants.check(both)).toMatchObject({ valid: false, summary: words });
    expect(await judgeSamples(one, { ...one, node: 'n2', term: 4 })).toMatchObject({ valid: true });
  });

  test('two that take two nodes for the leader of a term, by a look or a trace', async () => {
    const one = sample({ leader: 'n1' });
    const other = sample({ node: 'n2', leader: 'n3' });
    const words = 'election safety: n2 takes n3 for the leader of term 3, and';
    expect(await judgeSamples(one, other)).toMatchObject({
      valid: false,
      summary: `${words} n1 takes n1`,
    });
    expect(await judgeSamples(one, { ...other, term: 4 })).toMatchObject({ valid: true });
    expect(await judgeSamples(one, { ...other, leader: 'n1' })).toMatchObject({ valid: true });
    const leads1 = sample({ role: 'leader' });
    for (const pair of [
      [leads1, other],
      [other, leads1],
    ]) {
      const summary = `${words} n1 leads in it`;
      expect(await judgeSamples(...pair)).toMatchObject({ valid: false, summary });
    }
    const traces = [
      { node: 'n1', events: [start(), leads(3, { leaderId: 'n1' })] },
      { node: 'n2', events: [start(), follows(3, { leaderId: 'n3' })] },
    ];
    expect(await raftInvariants.check(runOf({ traces }))).toMatchObject({
      valid: false,
      summary: expect.stringContaining(`${words} n1 takes n1 (n2, life 1, event 2`),
    });
  });
});

describe('the referee', () => {
  const seen = { violations: [], events: 100, committed: 7, terms: 2 };

  test('decides too', async () => {
    expect(await raftInvariants.check(runOf({ referee: seen }))).toMatchObject({
      valid: true,
      summary: expect.stringContaining('100 events that the referee saw (2 terms, 7 entries)'),
    });
    const violations = ['quorum: a sentence of its own', 'x: y'];
    expect(await raftInvariants.check(runOf({ referee: { ...seen, violations } }))).toMatchObject({
      valid: false,
      summary: `${violations[0]}; and 1 more, in the details`,
    });
  });

  test('that has seen nothing leaves the run unknown', async () => {
    const referee = { ...seen, events: 0 };
    expect(await raftInvariants.check(runOf({ referee }))).toMatchObject({ valid: 'unknown' });
  });
});

test('a system that tells nothing is valid, and it does not read like a pass', async () => {
  const result = await raftInvariants.check(runOf({ whyNoTraces: 'the system x has none' }));
  expect(result.valid).toBe(true);
  expect(result.summary).toMatch(/^nothing to compare: the system x has none/);
  const offers = { hashes: false, introspection: true };
  expect(await raftInvariants.check(runOf({ offers }))).toMatchObject({ valid: 'unknown' });
  expect(result.blind.join()).toContain('the system x has none');
});

test('what a node traced whose files were harmed is void, and told as not seen', async () => {
  const events = [start(), persisted(3, 'n1'), start()];
  const traces = [
    { node: 'n1', events },
    { node: 'n2', events: [start()] },
  ];
  const op = { index: 0, process: 'nemesis', type: 'info', f: 'wipe', value: {} } as const;
  const fault: RunFault = {
    ...{ family: 'wipe', description: 'one: n1', nodes: ['n1'], tookEffect: true },
    ...{ outcome: 'injected' as const, reason: null, begin: { ...op, timeNs: 0 }, end: null },
    impairs: { cut: [], down: ['n1'], harmed: ['n1'] },
  };
  const harmed = await raftInvariants.check(runOf({ traces, faults: [fault] }));
  expect(harmed.valid).toBe(true);
  expect(harmed.blind).toContain('what n1 traced: faults took away what was durable there');
  const whole = { ...fault, impairs: { cut: [], down: ['n1'] } };
  expect(await raftInvariants.check(runOf({ traces, faults: [whole] }))).toMatchObject({
    valid: false,
  });
});
