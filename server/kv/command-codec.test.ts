import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { WriteCommand } from './command.ts';
import { CommandDecodeError, encodeCommand, parseCommand } from './command-codec.ts';

const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array));
const condition = fc.oneof(
  fc.constant({ type: 'always' } as const),
  fc.constant({ type: 'absent' } as const),
  fc.constant({ type: 'present' } as const),
  fc.record({ type: fc.constant('equals' as const), value: bytes }),
);
const command: fc.Arbitrary<WriteCommand> = fc.oneof(
  fc.record({
    type: fc.constant('set' as const),
    key: bytes,
    value: bytes,
    condition,
    get: fc.boolean(),
  }),
  fc.record({ type: fc.constant('delete' as const), keys: fc.array(bytes, { maxLength: 5 }) }),
);

test('a command comes back from the log as it went in', () => {
  fc.assert(
    fc.property(command, (written) => {
      expect(parseCommand(encodeCommand(written))).toEqual(written);
    }),
  );
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
  );
  expect(() => parseCommand(Buffer.from('hello'))).toThrow(CommandDecodeError);
});
