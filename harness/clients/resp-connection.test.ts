import fc from 'fast-check';
import { expect, it } from 'vitest';
import { encodeCommand, RespConnection, type RespLost, type RespReply } from './resp-connection.ts';

interface Wire {
  readonly connection: RespConnection;
  readonly replies: (RespReply | RespLost)[];
  deliver(bytes: Uint8Array): void;
  end(reason: string): void;
  readonly isClosed: () => boolean;
}

/** A connection with so many commands under way. */
function open(callCount: number): Wire {
  const replies: (RespReply | RespLost)[] = [];
  let deliver = (_: Uint8Array): void => {};
  let end = (_: string): void => {};
  let isClosed = false;
  const connection = new RespConnection({
    write: () => {},
    onData: (handler) => {
      deliver = handler;
    },
    onClose: (handler) => {
      end = handler;
    },
    close: () => {
      isClosed = true;
    },
  });
  for (let call = 0; call < callCount; call++) connection.call(['X'], (it) => replies.push(it));
  return { connection, replies, deliver, end, isClosed: () => isClosed };
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

const bulk = (value: string | null): RespReply => ({ type: 'bulk', value });
const array = (...value: readonly RespReply[]): RespReply => ({ type: 'array', value });

const samples: readonly (readonly [text: string, reply: RespReply])[] = [
  ['+OK\r\n', { type: 'simple', value: 'OK' }],
  ['-ERR no such thing\r\n', { type: 'error', code: 'ERR', message: 'no such thing' }],
  ['-NOLEADER\r\n', { type: 'error', code: 'NOLEADER', message: '' }],
  [':-3\r\n', { type: 'integer', value: -3 }],
  [':9007199254740991\r\n', { type: 'integer', value: 9007199254740991 }],
  [':9007199254740993\r\n', { type: 'big-integer', value: '9007199254740993' }],
  [':-99999999999999999999\r\n', { type: 'big-integer', value: '-99999999999999999999' }],
  ['$5\r\na\r\nbc\r\n', bulk('a\r\nbc')],
  ['$2\r\nü\r\n', bulk('ü')],
  ['$0\r\n\r\n', bulk('')],
  ['$-1\r\n', bulk(null)],
  ['*0\r\n', array()],
  ['*-1\r\n', { type: 'array', value: null }],
  ['*3\r\n$1\r\n1\r\n:2\r\n$-1\r\n', array(bulk('1'), { type: 'integer', value: 2 }, bulk(null))],
  ['*2\r\n*1\r\n$1\r\na\r\n*0\r\n', array(array(bulk('a')), array())],
];

it('reads replies in the order of the commands, however they are cut into pieces', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...samples), { minLength: 1, maxLength: 12 }),
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
      (chosen, sizes) => {
        const wire = open(chosen.length);
        const bytes = bytesOf(chosen.map(([text]) => text).join(''));
        let at = 0;
        for (let turn = 0; at < bytes.length; turn++) {
          const size = sizes[turn % sizes.length] ?? 1;
          wire.deliver(bytes.subarray(at, at + size));
          at += size;
        }
        expect(wire.replies).toEqual(chosen.map(([, reply]) => reply));
        expect(wire.connection.isOpen).toBe(true);
      },
    ),
    { seed: 1, numRuns: 200 },
  );
});

it('gives the connection up at a reply that does not parse, and says so to whoever waits', () => {
  const nonsense = ['hello\r\n', '$abc\r\n', '$-2\r\n', ':x\r\n', ':\r\n', '+OK\n', '*x\r\n'];
  const nested = ['*-2\r\n', '*1\r\nhello\r\n', '*1\r\n$x\r\n', `${'*1\r\n'.repeat(9)}:1\r\n`];
  for (const text of [...nonsense, ...nested]) {
    const wire = open(2);
    wire.deliver(bytesOf(text));
    const lost = { type: 'lost', reason: 'malformed reply' };
    expect(wire.replies, text).toEqual([lost, lost]);
    expect([wire.isClosed(), wire.connection.isOpen], text).toEqual([true, false]);
  }
});

it('reads as deep as any answer goes', () => {
  const wire = open(1);
  wire.deliver(bytesOf(`${'*1\r\n'.repeat(8)}:1\r\n`));
  expect(wire.replies).toMatchObject([{ type: 'array' }]);
});

it('takes no reply that nobody asked for', () => {
  const wire = open(1);
  wire.deliver(bytesOf('+OK\r\n+OK\r\n'));
  expect(wire.replies).toEqual([{ type: 'simple', value: 'OK' }]);
  expect([wire.isClosed(), wire.connection.isOpen]).toEqual([true, false]);
});

it('tells everybody who waits when it is lost, once, and whoever asks later', () => {
  const wire = open(2);
  wire.end('gone');
  wire.deliver(bytesOf('+OK\r\n'));
  wire.end('again');
  wire.connection.call(['X'], (reply) => wire.replies.push(reply));
  const lost = { type: 'lost', reason: 'gone' };
  expect(wire.replies).toEqual([lost, lost, lost]);
});

it('counts the bytes of a command, not its characters', () => {
  const text = new TextDecoder().decode(encodeCommand(['SET', 'ü', '1']));
  expect(text).toBe('*3\r\n$3\r\nSET\r\n$2\r\nü\r\n$1\r\n1\r\n');
});
