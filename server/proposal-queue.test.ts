import { expect, test } from 'vitest';
import type { Reply } from './kv/command.ts';
import { ProposalQueue } from './proposal-queue.ts';

const nothing = new Uint8Array(0);
const megabyte = new Uint8Array(1024 * 1024);
const ok: Reply = { type: 'ok' };

/** Until it takes no more, as it soon should. */
function fill(queue: ProposalQueue, data: Uint8Array): number {
  let count = 0;
  while (count < 20_000 && queue.add(data, () => {})) count += 1;
  return count;
}

test('so many writes may wait for their answer, and one more for each that is answered', () => {
  const queue = new ProposalQueue();
  expect(fill(queue, nothing)).toBe(16_384);
  const taken = queue.takeAll();
  // They wait no more here, but still for their answer.
  expect(queue.count).toBe(0);
  expect(queue.add(nothing, () => {})).toBe(false);
  for (const { reply } of taken.slice(0, 3)) reply(ok);
  expect(fill(queue, nothing)).toBe(3);
});

test('so many bytes may wait for their answer, and more once some have got it', () => {
  const queue = new ProposalQueue();
  expect(fill(queue, megabyte)).toBe(64);
  expect(queue.add(new Uint8Array(1), () => {})).toBe(false);
  expect(queue.add(nothing, () => {})).toBe(true);
  const [first] = queue.takeBatch();
  first?.reply(ok);
  expect(fill(queue, megabyte)).toBe(1);
});

test('a batch holds the oldest, and no more than one message should; never nothing', () => {
  const queue = new ProposalQueue();
  const large = new Uint8Array(5 * 1024 * 1024);
  const given = [...Array(5).fill(megabyte), large, nothing, nothing];
  for (const data of given) queue.add(data, () => {});
  const batches: number[][] = [];
  while (queue.count > 0) batches.push(queue.takeBatch().map(({ data }) => data.length));
  const mega = megabyte.length;
  expect(batches).toEqual([[mega, mega, mega, mega], [mega], [5 * mega], [0, 0]]);
});

test('an answer is passed on, once', () => {
  const queue = new ProposalQueue();
  const replies: Reply[] = [];
  queue.add(nothing, (reply) => replies.push(reply));
  for (const { reply } of queue.takeAll()) reply(ok);
  expect(replies).toEqual([ok]);
});
