import { expect, test } from 'vitest';
import { createErrorReply } from './errors.ts';
import type { Reply } from './kv/command.ts';
import { PendingProposals } from './pending-proposals.ts';
import type { Entry } from './raft/entry.ts';

const ok: Reply = { type: 'ok' };
const moved = createErrorReply('MOVED', '0 other:1');
const uncertain = createErrorReply('UNCERTAIN', 'gone');

function createWaiting(...names: readonly (readonly [number, number])[]) {
  const proposals = new PendingProposals();
  const replies = new Map<string, Reply>();
  for (const [id, [term, index]] of names.entries()) {
    const name = `${index}@${term}`;
    proposals.offer(id, (reply) => {
      expect(replies.has(name)).toBe(false);
      replies.set(name, reply);
    });
    proposals.accept(id, { term, index });
  }
  const apply = (index: number, term: number, answer: Reply | null = ok) => {
    const entry: Entry = { index, term, kind: 'command', data: Buffer.alloc(0) };
    proposals.applied(entry, answer, () => moved);
  };
  return { proposals, replies, apply };
}

test('what a snapshot has swallowed is uncertain up to its end; what is behind waits', () => {
  const { replies, proposals, apply } = createWaiting([1, 2], [1, 3], [1, 4]);
  proposals.installed({ term: 2, index: 3 }, uncertain);
  expect(replies).toEqual(
    new Map([
      ['2@1', uncertain],
      ['3@1', uncertain],
    ]),
  );
  expect(proposals.count).toBe(1);
  apply(4, 2);
  expect(replies.get('4@1')).toEqual(moved);
});

test('the waiter of the applied entry gets its answer, and nobody else does', () => {
  const { replies, apply, proposals } = createWaiting([1, 2], [1, 3]);
  apply(1, 1);
  expect(replies.size).toBe(0);
  apply(2, 1);
  expect([...replies]).toEqual([['2@1', ok]]);
  expect(proposals.count).toBe(1);
});

test('an entry of another leader at the same index is never taken for the own one', () => {
  const { replies, apply } = createWaiting([1, 2], [1, 3]);
  apply(2, 2);
  expect([...replies]).toEqual([
    ['2@1', moved],
    ['3@1', moved],
  ]);
});

test('a waiter whose index went to an older term stays open until a newer term is applied', () => {
  // Server 1 leads in term 3 and appends 5@3; 5@2, which others hold, is committed by term 4.
  const { replies, apply } = createWaiting([3, 5]);
  apply(5, 2);
  expect(replies.size).toBe(0);
  apply(6, 4);
  expect([...replies]).toEqual([['5@3', moved]]);
});

test('a server that leads again keeps its old and its new proposals apart', () => {
  const { replies, apply } = createWaiting([1, 2], [3, 2], [3, 3]);
  apply(2, 3);
  expect([...replies]).toEqual([
    ['2@1', moved],
    ['2@3', ok],
  ]);
});

test('only proposals below the given term are given up', () => {
  const { replies, proposals } = createWaiting([1, 2], [3, 2]);
  proposals.abandonBelow(3, uncertain);
  expect([...replies]).toEqual([['2@1', uncertain]]);
  expect(proposals.oldestTerm).toBe(3);
});

test('impossible news from the core is a broken invariant', () => {
  const { proposals } = createWaiting([2, 5]);
  proposals.offer(9, () => {});
  expect(() => proposals.accept(9, { term: 2, index: 5 })).toThrow('rising order');
  expect(() => proposals.accept(77, { term: 3, index: 6 })).toThrow('was offered');
  const { apply } = createWaiting([2, 5], [2, 6]);
  expect(() => apply(6, 2)).toThrow('applied in order');
});
