import { expect, test } from 'vitest';
import type { RaftEvent } from '../raft-event.ts';
import { parseRaftEvent, TraceError, traceEvents } from './raft-invariants-lines.ts';

const start: RaftEvent = {
  ...{ event: 'start', term: 2, votedFor: null, snapshotIndex: 3 },
  ...{ firstLogIndex: 4, lastLogIndex: 6, lastLogTerm: 2 },
};
const commit: RaftEvent = { event: 'commit', term: 2, index: 5 };

const all: readonly RaftEvent[] = [
  start,
  {
    ...{ event: 'status', role: 'leader', term: 2, votedFor: 'n1', leaderId: null },
    ...{ lastLogIndex: 6, lastLogTerm: 2, commitIndex: 3 },
  },
  { event: 'persisted', term: 2, votedFor: 'n1' },
  { event: 'append', term: 2, entries: [{ index: 7, term: 2, checksum: 4_000_000_000 }] },
  { event: 'durable', term: 2, index: 7 },
  commit,
  { event: 'apply', index: 5, entryTerm: 1 },
  { event: 'configuration', index: 0, configuration: { voters: ['n1'], outgoingVoters: [] } },
  { event: 'snapshot', index: 5, term: 1 },
  { event: 'install', index: 9, term: 2 },
  { event: 'hash', index: 5, hash: 'ab' },
];

const linesOf = (events: readonly RaftEvent[]): string[] =>
  events.map((event) => JSON.stringify({ node: 'n1', ...event, more: [1] }));

test('every event is read as it was written, without what is not its own', () => {
  expect([...traceEvents(linesOf(all))]).toEqual(all);
  const events = traceEvents(linesOf(all));
  expect([...events]).toEqual([...events]);
});

test('half a line at the end of a life is no event, and no fault', () => {
  const [line = ''] = linesOf([commit]);
  const half = line.slice(0, 20);
  const lines = [...linesOf([start, commit]), half, '', ...linesOf([start]), half, half];
  expect([...traceEvents([...lines, ...linesOf([start, commit]), half])]).toEqual([
    ...[start, commit, start, start, commit],
  ]);
});

test('half a line in the middle of a life ends the reading, with its number', () => {
  const lines = [...linesOf([start]), '', '{"event":"com', ...linesOf([commit])];
  const seen: RaftEvent[] = [];
  expect(() => {
    for (const event of traceEvents(lines)) seen.push(event);
  }).toThrow(new TraceError('line 3 is no JSON'));
  expect(seen).toEqual([start]);
});

test('a line that is JSON and no event ends the reading wherever it is', () => {
  const last = [...linesOf([start]), '{"event":"comit"}'];
  expect(() => [...traceEvents(last)]).toThrow('line 2: no event is called "comit"');
  expect(() => [...traceEvents(['7', ...linesOf([start])])]).toThrow(TraceError);
});

test('each field is narrowed, and the error names the one that is wrong', () => {
  const wrong: Readonly<Record<string, unknown>> = {
    'the event must be an object': null,
    'no event is called nothing': {},
    'index must be a whole number from 0 up': { ...commit, index: -1 },
    'term must be a whole number from 0 up': { ...commit, term: '2' },
    'votedFor must be a text': { event: 'persisted', term: 1 },
    'hash must be a text': { event: 'hash', index: 1, hash: 7 },
    'entries must be a list': { event: 'append', term: 1, entries: {} },
    'an entry must be an object': { event: 'append', term: 1, entries: [7] },
    'checksum must be a number': { event: 'append', term: 1, entries: [{ index: 1, term: 1 }] },
    'configuration must be an object': { event: 'configuration', index: 1, configuration: [] },
    'a voter must be a text': {
      ...{ event: 'configuration', index: 1 },
      configuration: { voters: [1], outgoingVoters: [] },
    },
  };
  for (const [message, value] of Object.entries(wrong)) {
    expect(() => parseRaftEvent(value)).toThrow(new TraceError(message));
  }
});

test('every field of every event is looked at', () => {
  for (const event of all) {
    for (const name of Object.keys(event)) {
      const { [name]: _, ...others } = { ...event } as Record<string, unknown>;
      expect(() => parseRaftEvent(others), `${event.event} without ${name}`).toThrow(TraceError);
    }
  }
});
