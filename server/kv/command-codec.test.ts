import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { WriteCommand } from './command.ts';
import { CommandDecodeError, encodeCommand, parseCommand } from './command-codec.ts';
import { bytes, commandOf } from './test-machine.ts';

const dataCommand = fc.nat().map(commandOf);

const index = fc.oneof(fc.nat(300), fc.maxSafeNat());
const command: fc.Arbitrary<WriteCommand> = fc.oneof(
  { weight: 4, arbitrary: dataCommand },
  { weight: 1, arbitrary: fc.constant({ type: 'openSession' } as const) },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('closeSession' as const), sessionId: index }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('inSession' as const),
      sessionId: index,
      sequence: index.filter((sequence) => sequence > 0),
      acknowledgedBelow: index,
      command: dataCommand,
    }),
  },
);

/** Views as arrays of their own. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, plain(field)]));
}

test('a command comes back from the log as it went in', () => {
  fc.assert(
    fc.property(command, (written) => {
      expect(plain(parseCommand(encodeCommand(written)))).toEqual(plain(written));
    }),
  );
});

test('bytes of any length come back', () => {
  for (const length of [0, 1, 127, 128, 255, 256, 65_535, 65_536, 1_048_576, 3_000_000]) {
    const value = new Uint8Array(length).fill(7);
    const parsed = parseCommand(encodeCommand({ type: 'append', key: value, value }));
    expect(parsed.type === 'append' && Buffer.compare(parsed.value, value)).toBe(0);
    expect(parsed.type === 'append' && Buffer.compare(parsed.key, value)).toBe(0);
  }
});

test('what is no command is refused with one kind of error, whatever the bytes', () => {
  fc.assert(
    fc.property(command, fc.nat(), fc.nat({ max: 255 }), (written, place, byte) => {
      const damaged = Buffer.from(encodeCommand(written));
      damaged[place % damaged.length] = byte;
      try {
        parseCommand(damaged);
      } catch (error) {
        expect(error).toBeInstanceOf(CommandDecodeError);
      }
    }),
    { numRuns: 1000 },
  );
  expect(() => parseCommand(Buffer.from('hello'))).toThrow(CommandDecodeError);
});

test('a command that is cut off, or goes on, is none', () => {
  fc.assert(
    fc.property(command, fc.nat(), (written, place) => {
      const whole = encodeCommand(written);
      const cut = whole.subarray(0, place % whole.length);
      expect(() => parseCommand(cut)).toThrow(CommandDecodeError);
      expect(() => parseCommand(Buffer.concat([whole, Buffer.alloc(1)]))).toThrow(
        CommandDecodeError,
      );
    }),
  );
});

test('a list that claims more than there is costs nothing and is refused', () => {
  const claims = Buffer.from('9202ddffffffff', 'hex');
  expect(() => parseCommand(claims)).toThrow(CommandDecodeError);
  expect(() => parseCommand(Buffer.from('9302c6ffffffff', 'hex'))).toThrow(CommandDecodeError);
});

test('a number that a double does not hold exactly is refused, not rounded', () => {
  expect(() => parseCommand(Buffer.from('920acf0020000000000000', 'hex'))).toThrow('above 2^53');
  expect(parseCommand(Buffer.from('920acf001fffffffffffff', 'hex'))).toEqual({
    type: 'closeSession',
    sessionId: Number.MAX_SAFE_INTEGER,
  });
});

test('a session is not nested in another, and its sequence numbers begin at 1', () => {
  expect(() => parseCommand(Buffer.from('950b010101950b0101019306c4016b00', 'hex'))).toThrow(
    'no command has the code 11',
  );
  expect(() => parseCommand(Buffer.from('950b0100019306c4016b00', 'hex'))).toThrow('begin at 1');
  expect(parseCommand(Buffer.from('950b0101019306c4016b00', 'hex')).type).toBe('inSession');
});

test('what lies in logs from before this file was written by hand is still understood', () => {
  const key = bytes('k');
  const old: readonly (readonly [string, WriteCommand])[] = [
    [
      '9601c4016bc4017600c0c2',
      { type: 'set', key, value: bytes('v'), condition: { type: 'always' }, get: false },
    ],
    [
      '9601c4016bc40001c0c3',
      { type: 'set', key, value: bytes(''), condition: { type: 'absent' }, get: true },
    ],
    [
      '9601c4016bc4017603c4016fc3',
      {
        type: 'set',
        key,
        value: bytes('v'),
        condition: { type: 'equals', value: bytes('o') },
        get: true,
      },
    ],
    ['9202dc0002c4016bc4016b', { type: 'delete', keys: [key, key] }],
  ];
  for (const [hex, command] of old) {
    expect(plain(parseCommand(Buffer.from(hex, 'hex')))).toEqual(plain(command));
  }
});

test('the form in the log does not change from one version to the next', () => {
  const key = bytes('k');
  const values = [bytes('x')];
  const inSession: WriteCommand = {
    type: 'inSession',
    sessionId: 300,
    sequence: 2 ** 40,
    acknowledgedBelow: 5,
    command: { type: 'append', key, value: bytes('x') },
  };
  const forms: readonly (readonly [WriteCommand, string])[] = [
    [{ type: 'delete', keys: [key] }, '920291c4016b'],
    [{ type: 'increment', key, by: -2n }, '9303c4016bd3fffffffffffffffe'],
    [{ type: 'append', key, value: bytes('x') }, '9304c4016bc40178'],
    [{ type: 'listPush', key, side: 'right', values }, '9405c4016b0191c40178'],
    [{ type: 'listPop', key, side: 'left' }, '9306c4016b00'],
    [{ type: 'setAdd', key, members: values }, '9307c4016b91c40178'],
    [{ type: 'setRemove', key, members: values }, '9308c4016b91c40178'],
    [{ type: 'openSession' }, '9109'],
    [{ type: 'closeSession', sessionId: 9 }, '920a09'],
    [inSession, '950bce0000012ccf0000010000000000059304c4016bc40178'],
  ];
  for (const [command, hex] of forms) {
    expect(Buffer.from(encodeCommand(command)).toString('hex'), command.type).toBe(hex);
  }
});
