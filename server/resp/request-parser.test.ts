import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RequestParser, respLimits, strangerLimits } from './request-parser.ts';
import { RespProtocolError } from './resp-protocol-error.ts';
import { encodeRequest } from './test-node.ts';

function parseAll(parser: RequestParser): string[][] {
  const requests: string[][] = [];
  for (let parts = parser.next(); parts !== null; parts = parser.next()) {
    requests.push(parts.map((part) => Buffer.from(part).toString('latin1')));
  }
  return requests;
}

function parse(text: string, limits = respLimits): string[][] {
  const parser = new RequestParser(limits);
  parser.push(Buffer.from(text, 'latin1'));
  return parseAll(parser);
}

const part = fc.uint8Array({ maxLength: 30 });
const request = fc.array(part, { minLength: 1, maxLength: 5 });

test('requests come out whole and in order, however the stream is cut', () => {
  const cuts = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(fc.array(request, { maxLength: 6 }), cuts, (sent, lengths) => {
      const stream = Buffer.concat(sent.map(encodeRequest));
      const parser = new RequestParser();
      const got: string[][] = [];
      for (let offset = 0, cut = 0; offset < stream.length; cut += 1) {
        const length = lengths[cut % lengths.length] ?? 1;
        parser.push(Buffer.from(stream.subarray(offset, offset + length)));
        if (cut % 3 !== 1) got.push(...parseAll(parser));
        offset += length;
      }
      got.push(...parseAll(parser));
      const expected = sent.map((parts) => parts.map((p) => Buffer.from(p).toString('latin1')));
      expect(got).toEqual(expected);
      expect(parser.bufferedBytes).toBe(0);
    }),
    { numRuns: 500 },
  );
});

test('inline and array requests may follow each other, cut anywhere', () => {
  const stream = 'PING\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\nset k "a b"\n*1\r\n$4\r\nQUIT\r\n';
  for (let cut = 1; cut < stream.length; cut += 1) {
    const parser = new RequestParser();
    parser.push(Buffer.from(stream.slice(0, cut)));
    const first = parseAll(parser);
    parser.push(Buffer.from(stream.slice(cut)));
    expect([...first, ...parseAll(parser)]).toEqual([
      ['PING'],
      ['GET', 'k'],
      ['set', 'k', 'a b'],
      ['QUIT'],
    ]);
  }
});

test('a large value in many chunks is joined once, not at each of them', () => {
  const value = Buffer.alloc(respLimits.bulkBytesMax, 'x');
  const stream = encodeRequest(['SET', 'k', value]);
  const parser = new RequestParser();
  let parts = null;
  for (let offset = 0; offset < stream.length; offset += 100) {
    expect(parts).toBe(null);
    parser.push(stream.subarray(offset, offset + 100));
    parts = parser.next();
  }
  expect(Buffer.compare(parts?.[2] ?? Buffer.alloc(0), value)).toBe(0);
});

test('empty and null arrays are skipped without an answer', () => {
  expect(parse('*0\r\n*-1\r\n*1\r\n$4\r\nPING\r\n')).toEqual([['PING']]);
});

test('what exceeds a limit is refused before it is taken in', () => {
  expect(() => parse(`*${respLimits.argumentCountMax + 1}\r\n`)).toThrow('multibulk length');
  expect(() => parse(`*1\r\n$${respLimits.bulkBytesMax + 1}\r\n`)).toThrow('bulk length');
  expect(() => parse('*99999999999999999999')).toThrow(RespProtocolError);
  expect(() => parse('x'.repeat(respLimits.inlineBytesMax + 1))).toThrow('too big inline request');
  expect(() => parse(`${'x '.repeat(1025)}\r\n`)).toThrow('too big inline request');
  const bulk = `$${respLimits.bulkBytesMax}\r\n${'x'.repeat(respLimits.bulkBytesMax)}\r\n`;
  expect(() => parse(`*9\r\n${bulk.repeat(5)}`)).toThrow('too big request');
});

test('a limit is one of each request, not of all that a connection sends', () => {
  const parser = new RequestParser();
  const request = encodeRequest(['SET', 'k', Buffer.alloc(respLimits.bulkBytesMax)]);
  for (let round = 0; round < 6; round += 1) {
    parser.push(request);
    expect(parser.next()).toHaveLength(3);
  }
});

test('a stranger may send little', () => {
  expect(() => parse('*11\r\n', strangerLimits)).toThrow('multibulk length');
  expect(() => parse('*1\r\n$16385\r\n', strangerLimits)).toThrow('bulk length');
  expect(parse('*2\r\n$4\r\nAUTH\r\n$1\r\nx\r\n', strangerLimits)).toEqual([['AUTH', 'x']]);
});

test('malformed requests are named as Redis names them', () => {
  expect(() => parse('*x\r\n')).toThrow('invalid multibulk length');
  expect(() => parse('*01\r\n')).toThrow('invalid multibulk length');
  expect(() => parse('*\r\n')).toThrow('invalid multibulk length');
  expect(() => parse('*1\r\n:5\r\n')).toThrow("expected '$', got ':'");
  expect(() => parse('*1\r\n*1\r\n')).toThrow("expected '$', got '*'");
  expect(() => parse('*1\r\n\r\n')).toThrow("expected '$', got ' '");
  expect(() => parse('*1\r\n$x\r\n')).toThrow('invalid bulk length');
  expect(() => parse('*1\r\n$-1\r\n')).toThrow('invalid bulk length');
  expect(() => parse('*1\r\n$1\rx')).toThrow('invalid bulk length');
  expect(() => parse('*1\r\n$3\r\nabcde\r\n')).toThrow(RespProtocolError);
});

test('a long header is refused, not waited for', () => {
  expect(() => parse('*1\r\n$00000000001')).toThrow('invalid bulk length');
  expect(parse('*1\r\n$104857')).toEqual([]);
});
