import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeRequest, LonelyNode, TestClient } from './test-node.ts';

const requests: readonly (readonly string[])[] = [
  ['GET', 'k'],
  ['SET', 'k', 'value', 'NX', 'GET'],
  ['SET', 'k', 'value', 'IFEQ', 'value'],
  ['DEL', 'k', 'l'],
  ['INCRBY', 'n', '-12'],
  ['RPUSH', 'l', 'a', 'b'],
  ['LRANGE', 'l', '0', '-1'],
  ['SADD', 's', 'a', 'b'],
  ['SMEMBERS', 's'],
  ['HELLO', '3', 'AUTH', 'default', 'x', 'SETNAME', 'me'],
  ['CLIENT', 'SETINFO', 'LIB-NAME', 'x'],
  ['CLIENT', 'LIST'],
  ['COMMAND', 'GETKEYS', 'SET', 'a', 'b'],
  ['CONFIG', 'GET', '*'],
  ['INFO', 'raft'],
  ['RAFT.SESSION', 'OPEN'],
  ['RAFT.SESSION', 'CALL', '1', '1', 'ACK', '1', 'INCR', 'n'],
  ['RAFT.STALE', 'GET', 'k'],
  ['RAFT.ADD', 'n4', 'h:1', 'h:2', 'EXPECT', '3'],
  ['SELECT', '0'],
  ['RESET'],
];

/** Where the reply that begins there ends. Throws for what is none. */
function endOfReply(text: string, offset: number): number {
  const lineEnd = text.indexOf('\r\n', offset);
  const line = text.slice(offset + 1, lineEnd);
  if (lineEnd < 0) throw new Error(`no end of line: ${text.slice(offset, offset + 80)}`);
  const next = lineEnd + 2;
  const type = text[offset] ?? '';
  if ('+-'.includes(type) || (type === ':' && /^-?\d+$/.test(line))) return next;
  if (type === '_' && line === '') return next;
  if ('$*'.includes(type) && line === '-1') return next;
  if (!'$=*~%'.includes(type) || !/^\d+$/.test(line)) throw new Error(`no reply: ${type}${line}`);
  const count = Number(line);
  if ('$='.includes(type)) {
    if (text.slice(next + count, next + count + 2) !== '\r\n') throw new Error('a cut bulk string');
    return next + count + 2;
  }
  let end = next;
  for (let item = 0; item < (type === '%' ? 2 * count : count); item += 1) {
    end = endOfReply(text, end);
  }
  return end;
}

interface Outcome {
  readonly text: string;
  readonly closed: boolean;
  readonly hash: string;
}

/** What becomes of a node that gets these bytes on one connection, in chunks of this length. */
function outcomeOf(bytes: Uint8Array, chunkBytes: number): Outcome {
  const node = new LonelyNode();
  const second = new TestClient(node, { password: null, clientId: 2 });
  expect(second.ask('SET mine own')).toBe('+OK\r\n');
  const client = new TestClient(node, { password: null, clientId: 1 });
  for (let offset = 0; offset < bytes.length; offset += chunkBytes) {
    client.session.receive(Buffer.from(bytes.subarray(offset, offset + chunkBytes)));
  }
  const text = client.take();
  for (let end = 0; end < text.length; ) end = endOfReply(text, end);
  client.session.closed();
  expect(client.take()).toBe('');
  expect(second.take()).toBe('');
  expect(second.ask('GET mine')).toBe('$3\r\nown\r\n');
  expect(second.ask('CLIENT GETNAME')).toBe('$-1\r\n');
  return { text, closed: client.closeCount > 0, hash: node.hash() };
}

function checkStream(bytes: Uint8Array, chunkBytes: number): void {
  expect(outcomeOf(bytes, chunkBytes)).toEqual(outcomeOf(bytes, Math.max(1, bytes.length)));
}

const chunkBytes = fc.integer({ min: 1, max: 50 });

test('random bytes give answers or a protocol error, and touch nobody else', () => {
  const marks = fc.constantFrom(...'*$:+-\r\n"\'\\0123456789 ', '\r\n', '*1\r\n', '$3\r\n');
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.array(marks, { maxLength: 60 }).map((pieces) => Buffer.from(pieces.join(''))),
  );
  fc.assert(fc.property(bytes, chunkBytes, checkStream), { numRuns: 500 });
}, 30_000);

test('requests with bytes changed, lost, doubled or added do no more than that', () => {
  const change = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    kind: fc.constantFrom('flip', 'lose', 'double', 'add'),
    byte: fc.integer({ min: 0, max: 255 }),
  });
  const chosen = fc.array(fc.constantFrom(...requests), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(chosen, fc.array(change, { maxLength: 4 }), chunkBytes, (sent, changes, length) => {
      let bytes = Buffer.concat(sent.map(encodeRequest));
      for (const { at, kind, byte } of changes) {
        const place = Math.floor(at * bytes.length);
        const kept = kind === 'flip' || kind === 'lose' ? place + 1 : place;
        const copied = kind === 'double' ? bytes.subarray(place, place + 10) : Buffer.from([byte]);
        const middle = kind === 'lose' ? Buffer.alloc(0) : copied;
        bytes = Buffer.concat([bytes.subarray(0, place), middle, bytes.subarray(kept)]);
      }
      checkStream(bytes, length);
    }),
    { numRuns: 500 },
  );
}, 30_000);

test('a request that breaks off anywhere has no effect and no answer', () => {
  const nothing = outcomeOf(new Uint8Array(0), 1);
  for (const request of requests) {
    const whole = encodeRequest(request);
    for (let length = 0; length < whole.length; length += 1) {
      expect(outcomeOf(whole.subarray(0, length), 7), request.join(' ')).toEqual(nothing);
    }
  }
});

test('a request behind a malformed one has no effect', () => {
  const nothing = outcomeOf(new Uint8Array(0), 1);
  for (const broken of ['*1\r\n:1\r\n', '*x\r\n', '"\r\n', '*1\r\n$2\r\nabc\r\n']) {
    const bytes = Buffer.concat([Buffer.from(broken), encodeRequest(['SET', 'k', 'v'])]);
    for (const length of [1, 5, 100]) {
      const { text, closed, hash } = outcomeOf(bytes, length);
      expect(text).toMatch(/^-ERR Protocol error: [^\r\n]+\r\n$/);
      expect([closed, hash]).toEqual([true, nothing.hash]);
    }
  }
});
