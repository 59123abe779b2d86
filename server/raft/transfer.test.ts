/**
 * Whose timeoutNow is obeyed, and which answers to a chunk count.
 */
import { expect, test } from 'vitest';
import { configurationOf } from './configuration.ts';
import type { TimeoutNow } from './message.ts';
import { append, sentOf, TestServer } from './test-server.ts';

function timeoutNow(fields: Partial<TimeoutNow> = {}): TimeoutNow {
  return { type: 'timeoutNow', term: 3, leaderId: 'n2', transferEpoch: 1, ...fields };
}

function follower(): TestServer {
  const server = new TestServer();
  server.receive('n2', append('n2', 3));
  return server;
}

test('[Ongaro §3.10] a follower stands at once at the word of its leader', () => {
  const server = follower();
  const requests = sentOf(server.receive('n2', timeoutNow()), 'requestVote');
  expect(requests).toMatchObject([
    { term: 4, preVote: false, transfer: true },
    { term: 4, preVote: false, transfer: true },
  ]);
});

test('[Ongaro §3.10] the word of another term or of another server is not obeyed', () => {
  const server = follower();
  expect(server.receive('n2', timeoutNow({ term: 2 }))).toEqual([]);
  expect(server.receive('n3', timeoutNow({ leaderId: 'n3' }))).toEqual([]);
  expect(server.receive('n3', timeoutNow())).toEqual([]);
  expect(server.status).toMatchObject({ role: 'follower', currentTerm: 3, leaderId: 'n2' });
});

test('[Ongaro §3.10] neither a learner nor one that stands already obeys', () => {
  const initialConfiguration = { ...configurationOf(['n2', 'n3']), learners: ['n1'] };
  const learner = new TestServer({ initialConfiguration });
  learner.receive('n2', append('n2', 3));
  expect(learner.receive('n2', timeoutNow())).toEqual([]);
  expect(learner.status).toMatchObject({ role: 'learner', currentTerm: 3 });
  const server = follower();
  server.receive('n2', timeoutNow());
  expect(server.receive('n2', timeoutNow())).toEqual([]);
  expect(server.status).toMatchObject({ role: 'candidate', currentTerm: 4 });
});
