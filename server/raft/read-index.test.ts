/**
 * Reads on a follower whose leader answers late, or not at all. [Ongaro §6.4]
 */
import { expect, test } from 'vitest';
import type { ReadIndexResponse } from './message.ts';
import { append, electionTicks, sentOf, TestServer } from './test-server.ts';

function readResponse(server: TestServer, readIndex: number): ReadIndexResponse {
  const sent = server.readies.flatMap(({ messages }) => sentOf(messages, 'readIndexRequest'));
  const requestId = sent.at(-1)?.requestId ?? 0;
  return { type: 'readIndexResponse', term: server.status.currentTerm, requestId, readIndex };
}

test('[Ongaro §6.4] a late answer is good for the reads of its own request, no later one', () => {
  const server = new TestServer();
  server.receive('n2', append('n2', 1));
  server.read(1);
  const late = readResponse(server, 1);
  server.read(2);
  server.ticks(4);
  server.receive('n2', late);
  expect(server.released).toEqual(['1 at 1']);
  server.receive('n2', readResponse(server, 4));
  expect(server.released).toEqual(['1 at 1', '2 at 4']);
});

test('[Ongaro §6.4] reads on a follower are served though answers take longer than a retry', () => {
  const server = new TestServer();
  server.receive('n2', append('n2', 1));
  server.read(1);
  const roundTripTicks = 35;
  const answers: { readonly atTick: number; readonly answer: ReadIndexResponse }[] = [
    { atTick: roundTripTicks, answer: readResponse(server, 1) },
  ];
  for (let tick = 1; tick <= 60; tick += 1) {
    server.receive('n2', append('n2', 1));
    const asked = sentOf(server.ticks(1), 'readIndexRequest').length > 0;
    if (asked) answers.push({ atTick: tick + roundTripTicks, answer: readResponse(server, 1) });
    for (const { atTick, answer } of answers) if (atTick === tick) server.receive('n2', answer);
  }
  expect(server.released).toEqual(['1 at 1']);
  // Twice as long each time: not one request a heartbeat.
  expect(answers.length).toBeLessThan(6);
});

test('[Ongaro §6.4] a leader that is heard and never answers is not waited for without end', () => {
  const server = new TestServer();
  server.receive('n2', append('n2', 1));
  server.read(1);
  for (let tick = 1; tick < 4 * electionTicks; tick += 1) {
    server.receive('n2', append('n2', 1));
    server.ticks(1);
  }
  expect(server.rejectedReads).toEqual([]);
  server.ticks(1);
  expect(server.rejectedReads).toEqual([1]);
});
