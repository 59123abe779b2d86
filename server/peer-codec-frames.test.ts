import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeMessage } from './peer-codec.ts';
import { PeerCodecError } from './peer-codec-bytes.ts';
import {
  encodeFrame,
  encodeHello,
  encodeMessageFrame,
  encodeRefusal,
  FrameReader,
  frameBytesMax,
  greetingBytesMax,
  parseHello,
  parseRefusal,
} from './peer-codec-frames.ts';
import type { Message } from './raft/message.ts';

const hello = { clusterId: 'rafture', nodeId: 'n1', to: 'n2', directoryId: 'd-1' };
const vote: Message = { type: 'requestVoteResponse', term: 1, voteGranted: true, preVote: true };

test('frames come out whole and in order, however the stream is cut', () => {
  const bodies = fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 8 });
  fc.assert(
    fc.property(bodies, fc.integer({ min: 1, max: 30 }), (sent, chunkBytes) => {
      const stream = Buffer.concat(sent.map(encodeFrame));
      const reader = new FrameReader(50);
      const got: Uint8Array[] = [];
      for (let offset = 0; offset < stream.length; offset += chunkBytes) {
        got.push(...reader.push(stream.subarray(offset, offset + chunkBytes)));
      }
      expect(got.map((body) => Buffer.from(body))).toEqual(sent.map((body) => Buffer.from(body)));
    }),
  );
});

test('a frame that is longer than allowed is refused by its length alone', () => {
  const reader = new FrameReader(greetingBytesMax);
  const header = Buffer.alloc(4);
  header.writeUInt32BE(greetingBytesMax + 1);
  expect(() => reader.push(header)).toThrow(PeerCodecError);
  const later = new FrameReader(greetingBytesMax);
  later.allow(frameBytesMax);
  expect(later.push(header)).toEqual([]);
});

test('a message is framed as any other body', () => {
  expect(Buffer.from(encodeMessageFrame(vote))).toEqual(encodeFrame(encodeMessage(vote)));
});

test('a hello says who speaks to whom, and one of another protocol is refused', () => {
  expect(parseHello(encodeHello(hello))).toEqual(hello);
  expect(() => parseHello(encodeMessage(vote))).toThrow(PeerCodecError);
  expect(() => parseHello(Buffer.from('GET / HTTP/1.1'))).toThrow('no rafture peer');
  const later = Buffer.from(encodeHello(hello));
  later['rafture-peer'.length] = 3;
  expect(() => parseHello(later)).toThrow('peer protocol 3, 2 is spoken here');
});

test('the longest hello and the longest refusal are allowed as greetings', () => {
  const long = 'x'.repeat(255);
  const longest = { clusterId: long, nodeId: long, to: long, directoryId: long };
  expect(parseHello(encodeHello(longest))).toEqual(longest);
  expect(encodeHello(longest).length).toBeLessThanOrEqual(greetingBytesMax);
  expect(encodeRefusal('y'.repeat(5000)).length).toBeLessThanOrEqual(greetingBytesMax);
  expect(() => encodeHello({ ...hello, clusterId: `${long}x` })).toThrow(PeerCodecError);
});

test('a damaged or cut hello is another hello or refused with one kind of error', () => {
  const bytes = encodeHello(hello);
  const check = (damaged: Uint8Array) => {
    try {
      parseHello(damaged);
    } catch (error) {
      expect(error).toBeInstanceOf(PeerCodecError);
    }
  };
  for (let length = 0; length < bytes.length; length += 1) {
    expect(() => parseHello(bytes.subarray(0, length))).toThrow(PeerCodecError);
  }
  fc.assert(
    fc.property(fc.nat({ max: bytes.length - 1 }), fc.nat({ max: 255 }), (place, byte) => {
      const damaged = Buffer.from(bytes);
      damaged[place] = byte;
      check(damaged);
    }),
  );
  fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), check));
});

test('a refusal carries its reason as harmless text, and nothing else is taken for one', () => {
  expect(parseRefusal(encodeRefusal('n1 is of another cluster'))).toBe('n1 is of another cluster');
  expect(parseRefusal(encodeRefusal('a\nb\x1b[2J'))).toBe('a b [2J');
  expect(parseRefusal(encodeHello(hello))).toBe(null);
  expect(parseRefusal(encodeMessage(vote))).toBe(null);
  expect(parseRefusal(new Uint8Array(0))).toBe(null);
});
