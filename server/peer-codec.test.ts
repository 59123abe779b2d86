import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  encodeFrame,
  encodeHello,
  encodeMessage,
  FrameReader,
  PeerCodecError,
  parseHello,
  parseMessage,
} from './peer-codec.ts';
import type { Entry } from './raft/entry.ts';
import type { Message } from './raft/message.ts';

const count = fc.oneof(fc.nat({ max: 300 }), fc.maxSafeNat());
const small = fc.nat({ max: 1_000_000_000 });
const name = fc.string({ minLength: 1, maxLength: 5 });

const appendEntries = fc
  .record({
    prevLogIndex: small,
    prevLogTerm: small,
    term: count,
    leaderId: name,
    leaderCommit: count,
    readRound: count,
    datas: fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 4 }),
  })
  .map(({ datas, ...fields }): Message => {
    const entries = datas.map(
      (data, position): Entry => ({
        term: fields.prevLogTerm + position,
        index: fields.prevLogIndex + 1 + position,
        kind: position % 2 === 0 ? 'command' : 'no-op',
        data: Buffer.from(data),
      }),
    );
    return { type: 'appendEntries', ...fields, entries };
  });
const message: fc.Arbitrary<Message> = fc.oneof(
  appendEntries,
  fc.record({
    type: fc.constant('requestVote' as const),
    term: count,
    candidateId: name,
    lastLogIndex: count,
    lastLogTerm: count,
    preVote: fc.boolean(),
  }),
  fc.record({
    type: fc.constant('requestVoteResponse' as const),
    term: count,
    voteGranted: fc.boolean(),
    preVote: fc.boolean(),
  }),
  fc.record({
    type: fc.constant('appendEntriesResponse' as const),
    term: count,
    success: fc.boolean(),
    matchIndex: count,
    conflictIndex: count,
    conflictTerm: count,
    readRound: count,
  }),
);

test('a message arrives as it was sent', () => {
  fc.assert(
    fc.property(message, (sent) => {
      expect(parseMessage(encodeMessage(sent))).toEqual(sent);
    }),
  );
});

test('whatever arrives is a message or refused with one kind of error', () => {
  const check = (bytes: Uint8Array) => {
    try {
      parseMessage(bytes);
    } catch (error) {
      expect(error).toBeInstanceOf(PeerCodecError);
    }
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), check));
  fc.assert(
    fc.property(message, fc.nat(), fc.nat({ max: 255 }), (sent, place, byte) => {
      const damaged = Buffer.from(encodeMessage(sent));
      damaged[place % damaged.length] = byte;
      check(damaged);
    }),
  );
});

test('entries that leave a gap are refused', () => {
  const entry = (index: number): Entry => ({
    term: 1,
    index,
    kind: 'command',
    data: Buffer.from('x'),
  });
  const gap: Message = {
    type: 'appendEntries',
    term: 1,
    leaderId: 'n1',
    prevLogIndex: 4,
    prevLogTerm: 1,
    entries: [entry(6)],
    leaderCommit: 0,
    readRound: 0,
  };
  expect(() => parseMessage(encodeMessage(gap))).toThrow(PeerCodecError);
  const inside = { ...gap, entries: [entry(5), entry(7)] };
  expect(() => parseMessage(encodeMessage(inside))).toThrow(PeerCodecError);
});

test('frames come out whole and in order, however the stream is cut', () => {
  const bodies = fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 8 });
  fc.assert(
    fc.property(bodies, fc.integer({ min: 1, max: 30 }), (sent, chunkBytes) => {
      const stream = Buffer.concat(sent.map(encodeFrame));
      const reader = new FrameReader();
      const got: Uint8Array[] = [];
      for (let offset = 0; offset < stream.length; offset += chunkBytes) {
        got.push(...reader.push(stream.subarray(offset, offset + chunkBytes)));
      }
      expect(got.map((body) => Buffer.from(body))).toEqual(sent.map((body) => Buffer.from(body)));
    }),
  );
});

test('a frame that claims to be enormous is refused by its length alone', () => {
  expect(() => new FrameReader().push(Buffer.from([0xff, 0, 0, 0]))).toThrow(PeerCodecError);
});

test('a hello names both ends, and one of another protocol is refused', () => {
  expect(parseHello(encodeHello({ from: 'n1', to: 'n2' }))).toEqual({ from: 'n1', to: 'n2' });
  const vote: Message = { type: 'requestVoteResponse', term: 1, voteGranted: true, preVote: true };
  expect(() => parseHello(encodeMessage(vote))).toThrow('no rafture peer');
  expect(() => parseHello(Buffer.from('GET / HTTP/1.1'))).toThrow(PeerCodecError);
});
