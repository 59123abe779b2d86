import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type Protocol,
  ReplyWriter,
  type RespReply,
  respText,
  writeReply,
} from './reply-encoder.ts';

function encode(reply: RespReply, protocol: Protocol = 2): string {
  const pieces: Uint8Array[] = [];
  writeReply(reply, protocol, (bytes) => pieces.push(bytes));
  return Buffer.concat(pieces).toString('latin1');
}

function both(reply: RespReply): readonly [string, string] {
  return [encode(reply, 2), encode(reply, 3)];
}

const one: RespReply = { type: 'integer', value: 1 };

test('each protocol has its own form of nothing, maps, sets and pages', () => {
  expect(both({ type: 'bulk', value: null })).toEqual(['$-1\r\n', '_\r\n']);
  expect(both({ type: 'set', items: [Buffer.from('a')] })).toEqual([
    '*1\r\n$1\r\na\r\n',
    '~1\r\n$1\r\na\r\n',
  ]);
  expect(both({ type: 'map', entries: [[respText('k'), one]] })).toEqual([
    '*2\r\n$1\r\nk\r\n:1\r\n',
    '%1\r\n$1\r\nk\r\n:1\r\n',
  ]);
  expect(both({ type: 'page', text: 'é\n' })).toEqual([
    '$3\r\n\xc3\xa9\n\r\n',
    '=7\r\ntxt:\xc3\xa9\n\r\n',
  ]);
});

test('what both protocols have is the same in both', () => {
  const replies: readonly (readonly [RespReply, string])[] = [
    [{ type: 'ok' }, '+OK\r\n'],
    [{ type: 'simple', text: 'PONG' }, '+PONG\r\n'],
    [{ type: 'error', code: 'ERR', text: 'no' }, '-ERR no\r\n'],
    [{ type: 'bulk', value: new Uint8Array(0) }, '$0\r\n\r\n'],
    [
      { type: 'array', items: [Buffer.from('a'), one, { type: 'array', items: [] }] },
      '*3\r\n$1\r\na\r\n:1\r\n*0\r\n',
    ],
  ];
  for (const [reply, text] of replies) expect(both(reply)).toEqual([text, text]);
});

test('integers of 64 bits are written whole', () => {
  for (const value of [
    0,
    7,
    10,
    99,
    100,
    999_999,
    1_000_000,
    -1,
    2 ** 53,
    2n ** 63n - 1n,
    -(2n ** 63n),
  ]) {
    expect(encode({ type: 'integer', value })).toBe(`:${value}\r\n`);
  }
});

test('values of any size arrive whole, alone and among others', () => {
  const sizes = [0, 1, 9, 10, 99, 100, 999, 1000, 2000, 4096, 16_384, 16_385, 65_536, 200_000];
  const values = sizes.map((size) => Buffer.alloc(size, String(size)));
  const expected = values.map((value) => `$${value.length}\r\n${value.toString('latin1')}\r\n`);
  expect(values.map((value) => encode({ type: 'bulk', value }))).toEqual(expected);
  const all = encode({ type: 'array', items: values });
  expect(all === `*${sizes.length}\r\n${expected.join('')}`).toBe(true);
});

test('many replies written together are those written one by one', () => {
  const bulk = fc
    .uint8Array({ maxLength: 3000 })
    .map((value): RespReply => ({ type: 'bulk', value }));
  const integer = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
  const reply = fc.oneof(
    bulk,
    integer.map((value): RespReply => ({ type: 'integer', value })),
    fc.string().map((text): RespReply => ({ type: 'page', text })),
    fc.string().map((text): RespReply => ({ type: 'error', code: 'ERR', text })),
  );
  fc.assert(
    fc.property(fc.array(reply, { maxLength: 60 }), fc.constantFrom(2, 3), (replies, protocol) => {
      const pieces: Uint8Array[] = [];
      const writer = new ReplyWriter((bytes) => pieces.push(bytes));
      for (const each of replies) writer.reply(each, protocol);
      writer.flush();
      const together = Buffer.concat(pieces).toString('latin1');
      expect(together === replies.map((each) => encode(each, protocol)).join('')).toBe(true);
    }),
    { numRuns: 100 },
  );
});

test('an error text can not smuggle a second reply in', () => {
  expect(encode({ type: 'error', code: 'ERR', text: 'bad\r\n+OK' })).toBe('-ERR bad  +OK\r\n');
});
