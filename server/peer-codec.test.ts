import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeMessage, parseMessage } from './peer-codec.ts';
import { PeerCodecError } from './peer-codec-bytes.ts';
import type { Entry } from './raft/entry.ts';
import type { AppendEntries, InstallSnapshot, Message } from './raft/message.ts';

const count = fc.oneof(fc.nat({ max: 300 }), fc.maxSafeNat());
const small = fc.nat({ max: 1_000_000_000 });
const name = fc.string({ minLength: 1, maxLength: 60, unit: 'grapheme' }).filter((text) => {
  const bytes = Buffer.from(text);
  return bytes.length <= 255 && bytes.toString() === text && !text.includes('\ufffd');
});
const flag = fc.boolean();

const appendEntries = fc
  .record({
    term: count,
    leaderId: name,
    prevLogIndex: small,
    prevLogTerm: small,
    leaderCommit: count,
    readRound: count,
    replicationId: count,
    transferEpoch: count,
    datas: fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 4 }),
  })
  .map(({ datas, ...fields }): Message => {
    const kinds = ['command', 'no-op', 'configuration'] as const;
    const entries = datas.map(
      (data, position): Entry => ({
        term: fields.prevLogTerm + position,
        index: fields.prevLogIndex + 1 + position,
        kind: kinds[position % 3] ?? 'command',
        data: Buffer.from(data),
      }),
    );
    return { type: 'appendEntries', ...fields, entries };
  });

const installSnapshot = fc
  .record({
    term: count,
    leaderId: name,
    lastIncludedIndex: count,
    lastIncludedTerm: count,
    fileChecksum: count,
    offset: small,
    replicationId: count,
    behind: small,
    data: fc.uint8Array({ maxLength: 50 }),
  })
  .map(({ behind, data, ...fields }): Message => {
    const fileBytes = fields.offset + data.length + behind;
    return { type: 'installSnapshot', ...fields, fileBytes, data: Buffer.from(data) };
  });

/** One for each type: a new type does not compile until it is here. */
const messages: { readonly [T in Message['type']]: fc.Arbitrary<Message> } = {
  requestVote: fc.record({
    type: fc.constant('requestVote' as const),
    term: count,
    candidateId: name,
    lastLogIndex: count,
    lastLogTerm: count,
    preVote: flag,
    transfer: flag,
  }),
  requestVoteResponse: fc.record({
    type: fc.constant('requestVoteResponse' as const),
    term: count,
    voteGranted: flag,
    preVote: flag,
  }),
  appendEntries,
  appendEntriesResponse: fc.record({
    type: fc.constant('appendEntriesResponse' as const),
    term: count,
    success: flag,
    matchIndex: count,
    conflictIndex: count,
    conflictTerm: count,
    readRound: count,
    replicationId: count,
  }),
  installSnapshot,
  installSnapshotResponse: fc.record({
    type: fc.constant('installSnapshotResponse' as const),
    term: count,
    lastIncludedIndex: count,
    nextOffset: count,
    installed: flag,
    replicationId: count,
  }),
  timeoutNow: fc.record({
    type: fc.constant('timeoutNow' as const),
    term: count,
    leaderId: name,
    transferEpoch: count,
  }),
  readIndexRequest: fc.record({
    type: fc.constant('readIndexRequest' as const),
    term: count,
    requestId: count,
  }),
  readIndexResponse: fc.record({
    type: fc.constant('readIndexResponse' as const),
    term: count,
    requestId: count,
    readIndex: fc.option(count, { nil: null }),
  }),
};
const message = fc.oneof(...Object.values(messages));

const append: AppendEntries = {
  type: 'appendEntries',
  term: 3,
  leaderId: 'n1',
  prevLogIndex: 4,
  prevLogTerm: 1,
  entries: [],
  leaderCommit: 2,
  readRound: 0,
  replicationId: 1,
  transferEpoch: 0,
};

function entry(index: number, term: number): Entry {
  return { term, index, kind: 'command', data: Buffer.from('x') };
}

for (const [type, arbitrary] of Object.entries(messages)) {
  test(`${type} arrives as it was sent`, () => {
    fc.assert(
      fc.property(arbitrary, (sent) => {
        expect(parseMessage(encodeMessage(sent))).toEqual(sent);
      }),
    );
  });
}

/** Whatever a frame holds that parses is said again by the same bytes: nothing is overlooked. */
function checkRefusedOrExact(bytes: Uint8Array): void {
  let parsed: Message;
  try {
    parsed = parseMessage(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(PeerCodecError);
    return;
  }
  expect(Buffer.from(encodeMessage(parsed)).equals(bytes)).toBe(true);
}

test('random bytes are a message or refused with one kind of error', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 120 }), checkRefusedOrExact), { numRuns: 500 });
  const typed = fc.tuple(fc.integer({ min: 1, max: 9 }), fc.uint8Array({ maxLength: 120 }));
  fc.assert(
    fc.property(typed, ([type, rest]) => checkRefusedOrExact(Uint8Array.of(type, ...rest))),
    { numRuns: 1000 },
  );
});

test('a message with any byte changed is another message or refused with one kind of error', () => {
  fc.assert(
    fc.property(message, fc.integer({ min: 1, max: 255 }), (sent, difference) => {
      const bytes = encodeMessage(sent);
      for (let place = 0; place < bytes.length; place += 1) {
        const damaged = Buffer.from(bytes);
        damaged[place] = (bytes[place] ?? 0) ^ difference;
        checkRefusedOrExact(damaged);
      }
    }),
  );
});

test('a message that is cut short anywhere, or goes on, is refused', () => {
  fc.assert(
    fc.property(message, (sent) => {
      const bytes = encodeMessage(sent);
      for (let length = 0; length < bytes.length; length += 1) {
        expect(() => parseMessage(bytes.subarray(0, length))).toThrow(PeerCodecError);
      }
      expect(() => parseMessage(Buffer.concat([bytes, Buffer.from([0])]))).toThrow(PeerCodecError);
    }),
  );
});

test('entries with a gap, of falling terms or not behind prevLogIndex are refused', () => {
  const refused = [
    [entry(6, 1)],
    [entry(5, 1), entry(7, 1)],
    [entry(5, 1), entry(5, 1)],
    [entry(5, 2), entry(6, 1)],
  ];
  for (const entries of refused) {
    expect(() => parseMessage(encodeMessage({ ...append, entries }))).toThrow(PeerCodecError);
  }
  const entries = [entry(5, 2), entry(6, 3)];
  expect(parseMessage(encodeMessage({ ...append, entries }))).toEqual({ ...append, entries });
});

test('a number of entries that cannot be there is refused before room is made for them', () => {
  const bytes = Buffer.from(encodeMessage(append));
  bytes.writeUInt32BE(0xffff_ffff, bytes.length - 4);
  expect(() => parseMessage(bytes)).toThrow('4294967295 entries cannot be in 0 bytes');
});

test('a chunk that lies outside of its file is refused', () => {
  const chunk: InstallSnapshot = {
    type: 'installSnapshot',
    term: 1,
    leaderId: 'n1',
    lastIncludedIndex: 9,
    lastIncludedTerm: 1,
    fileBytes: 10,
    fileChecksum: 7,
    offset: 8,
    replicationId: 1,
    data: Buffer.from('abc'),
  };
  expect(() => parseMessage(encodeMessage(chunk))).toThrow('3 bytes at 8 of a file of 10');
});

test('a name that is too long to be sent is refused by the sender', () => {
  const leaderId = 'n'.repeat(256);
  expect(() => encodeMessage({ ...append, leaderId })).toThrow(PeerCodecError);
});

test('the data of an entry outlives the bytes that it came in', () => {
  const sent = { ...append, entries: [entry(5, 1)] };
  const bytes = encodeMessage(sent);
  const parsed = parseMessage(bytes);
  bytes.fill(0);
  expect(parsed).toEqual(sent);
});
