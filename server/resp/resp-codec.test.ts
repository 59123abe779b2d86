import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeReply, RespParser, RespProtocolError, respLimits } from './resp-codec.ts';

function parseAll(parser: RespParser): string[][] {
  const requests: string[][] = [];
  for (let parts = parser.next(); parts !== null; parts = parser.next()) {
    requests.push(parts.map((part) => Buffer.from(part).toString('latin1')));
  }
  return requests;
}

function parse(text: string): string[][] {
  const parser = new RespParser();
  parser.push(Buffer.from(text, 'latin1'));
  return parseAll(parser);
}

function encodeRequest(parts: readonly Uint8Array[]): Uint8Array {
  const bulks = parts.map((value) => encodeReply({ type: 'bulk', value }));
  return Buffer.concat([Buffer.from(`*${parts.length}\r\n`), ...bulks]);
}

const part = fc.uint8Array({ maxLength: 30 });
const request = fc.array(part, { minLength: 1, maxLength: 5 });

test('requests come out whole and in order, however the stream is cut', () => {
  fc.assert(
    fc.property(fc.array(request, { maxLength: 6 }), fc.integer({ min: 1, max: 40 }), (sent, n) => {
      const stream = Buffer.concat(sent.map(encodeRequest));
      const parser = new RespParser();
      const got: string[][] = [];
      for (let offset = 0; offset < stream.length; offset += n) {
        parser.push(stream.subarray(offset, offset + n));
        got.push(...parseAll(parser));
      }
      const expected = sent.map((parts) => parts.map((p) => Buffer.from(p).toString('latin1')));
      expect(got).toEqual(expected);
      expect(parser.bufferedBytes).toBe(0);
    }),
  );
});

test('whatever bytes come, the parser gives requests or one kind of error', () => {
  const pieces = fc.oneof(
    fc.constantFrom(
      '*1\r\n',
      '*2\r\n',
      '$3\r\n',
      '$-1\r\n',
      '*-1\r\n',
      'abc\r\n',
      '\r\n',
      '"',
      "'",
    ),
    fc.string({ maxLength: 6 }),
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 12 }), (texts) => {
      const parser = new RespParser();
      try {
        for (const text of texts) {
          parser.push(Buffer.from(text));
          for (const parts of parseAll(parser)) expect(parts.length).toBeGreaterThan(0);
        }
      } catch (error) {
        expect(error).toBeInstanceOf(RespProtocolError);
      }
    }),
    { numRuns: 2000 },
  );
});

test('a line without an array is an inline command, with quotes and escapes', () => {
  expect(parse('PING\r\n')).toEqual([['PING']]);
  expect(parse("  set  key \"a b\\n\\x41\" \n\r\nget 'k\\'1'\n")).toEqual([
    ['set', 'key', 'a b\nA'],
    ['get', "k'1"],
  ]);
  expect(() => parse('set k "open\r\n')).toThrow('unbalanced quotes in request');
});

test('empty and null arrays are skipped without an answer', () => {
  expect(parse('*0\r\n*-1\r\n*1\r\n$4\r\nPING\r\n')).toEqual([['PING']]);
});

test('what exceeds a limit is refused before it is taken in', () => {
  expect(() => parse(`*${respLimits.argumentCountMax + 1}\r\n`)).toThrow('multibulk length');
  expect(() => parse(`*1\r\n$${respLimits.bulkBytesMax + 1}\r\n`)).toThrow('bulk length');
  expect(() => parse('*99999999999999999999\r\n')).toThrow(RespProtocolError);
  expect(() => parse('x'.repeat(respLimits.inlineBytesMax + 1))).toThrow('too big inline request');
  const bulk = `$${respLimits.bulkBytesMax}\r\n${'x'.repeat(respLimits.bulkBytesMax)}\r\n`;
  expect(() => parse(`*9\r\n${bulk.repeat(5)}`)).toThrow('too big request');
});

test('malformed requests are named as Redis names them', () => {
  expect(() => parse('*x\r\n')).toThrow('invalid multibulk length');
  expect(() => parse('*1\r\n:5\r\n')).toThrow("expected '$', got ':'");
  expect(() => parse('*1\r\n$x\r\n')).toThrow('invalid bulk length');
  expect(() => parse('*1\r\n$3\r\nabcde\r\n')).toThrow(RespProtocolError);
});

test('a part does not share memory with the chunk that it came in', () => {
  const chunk = Buffer.from('*1\r\n$3\r\nabc\r\n');
  const parser = new RespParser();
  parser.push(chunk);
  const parts = parser.next();
  chunk.fill(0);
  expect(parts?.map((bytes) => Buffer.from(bytes).toString())).toEqual(['abc']);
});

test('an error text can not smuggle a second reply in', () => {
  const reply = { type: 'error', code: 'ERR', text: 'bad\r\n+OK' } as const;
  expect(Buffer.from(encodeReply(reply)).toString()).toBe('-ERR bad  +OK\r\n');
});
