import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import type { DataCommand, Reply } from './command.ts';
import { defaultSessionLimits, type SessionLimits } from './sessions.ts';
import { bytes, TestMachine } from './test-machine.ts';

// The machine may be busy with other tests.
vi.setConfig({ testTimeout: 30_000 });

const key = bytes('k');
const increment: DataCommand = { type: 'increment', key, by: 1n };
const integer = (value: number): Reply => ({ type: 'integer', value });

function createClient(limits: Partial<SessionLimits> = {}) {
  const machine = new TestMachine({ ...defaultSessionLimits, ...limits });
  const open = (): number => {
    const reply = machine.apply({ type: 'openSession' });
    expect(reply).toEqual(integer(machine.machine.appliedIndex));
    return machine.machine.appliedIndex;
  };
  const send = (
    sessionId: number,
    sequence: number,
    { command = increment, acknowledgedBelow = 0 } = {},
  ): Reply => machine.apply({ type: 'inSession', sessionId, sequence, acknowledgedBelow, command });
  const counter = (): unknown => machine.read({ type: 'get', key });
  const restore = (): void => {
    const { appliedIndex } = machine.machine;
    machine.machine = machine.restored(machine.snapshot(), appliedIndex).machine;
  };
  return { machine, open, send, counter, restore };
}

const refusal = (code: string) => expect.objectContaining({ type: 'error', code });

test('[Ongaro §6.3] a command sent again gets its first answer and takes effect once', () => {
  const { open, send, counter } = createClient();
  const session = open();
  expect(send(session, 1)).toEqual(integer(1));
  expect(send(session, 2)).toEqual(integer(2));
  expect(send(session, 1)).toEqual(integer(1));
  expect(send(session, 2)).toEqual(integer(2));
  expect(counter()).toEqual({ type: 'bulk', value: bytes('2') });
});

test('an answer is remembered as it was, whatever becomes of the value that it told', () => {
  const { open, send, machine } = createClient();
  const session = open();
  const append: DataCommand = { type: 'append', key, value: bytes('abc') };
  machine.apply(append);
  const swap: DataCommand = {
    type: 'set',
    key,
    value: bytes('x'),
    condition: { type: 'always' },
    get: true,
  };
  expect(send(session, 1, { command: swap })).toEqual({ type: 'bulk', value: bytes('abc') });
  for (let round = 0; round < 100; round += 1) machine.apply(append);
  expect(send(session, 1, { command: swap })).toEqual({ type: 'bulk', value: bytes('abc') });
});

test('an error is an answer too: sent again, it is not tried again', () => {
  const { open, send, machine } = createClient();
  const session = open();
  machine.apply({ type: 'append', key, value: bytes('x') });
  expect(send(session, 1)).toEqual(refusal('ERR'));
  machine.apply({ type: 'delete', keys: [key] });
  expect(send(session, 1)).toEqual(refusal('ERR'));
  expect(send(session, 2)).toEqual(integer(1));
});

test('sequence numbers may arrive in any order, and each is its own command', () => {
  const { open, send } = createClient();
  const session = open();
  expect(send(session, 5)).toEqual(integer(1));
  expect(send(session, 2)).toEqual(integer(2));
  expect(send(session, 5)).toEqual(integer(1));
});

test('equal sequence numbers of different sessions are different commands', () => {
  const { open, send } = createClient();
  const [first, second] = [open(), open()];
  expect(send(first, 1)).toEqual(integer(1));
  expect(send(second, 1)).toEqual(integer(2));
});

test('below what the client acknowledged nothing is executed, and STALESEQ says so', () => {
  const { open, send, counter } = createClient();
  const session = open();
  send(session, 1);
  send(session, 3, { acknowledgedBelow: 3 });
  expect(send(session, 1)).toEqual(refusal('STALESEQ'));
  expect(send(session, 2)).toEqual(refusal('STALESEQ'));
  // An older message with an older acknowledgement brings nothing back.
  expect(send(session, 1, { acknowledgedBelow: 1 })).toEqual(refusal('STALESEQ'));
  expect(send(session, 3)).toEqual(integer(2));
  expect(counter()).toEqual({ type: 'bulk', value: bytes('2') });
});

test('without a session nothing is executed, and NOSESSION says so', () => {
  const { open, send, counter, machine } = createClient();
  expect(send(77, 1)).toEqual(refusal('NOSESSION'));
  const session = open();
  expect(machine.apply({ type: 'closeSession', sessionId: session })).toEqual({ type: 'ok' });
  expect(send(session, 1)).toEqual(refusal('NOSESSION'));
  expect(machine.apply({ type: 'closeSession', sessionId: session })).toEqual(refusal('NOSESSION'));
  expect(counter()).toEqual({ type: 'bulk', value: null });
  expect(machine.machine.sessionCount).toBe(0);
});

test('a session expires when as many entries as the limit have not used it, and not before', () => {
  const { open, send, machine } = createClient({ idleEntriesMax: 5 });
  const [early, late] = [open(), open()];
  for (let entry = 0; entry < 4; entry += 1) machine.pass();
  expect(send(late, 1)).toEqual(integer(1));
  expect(send(early, 1)).toEqual(refusal('NOSESSION'));
  for (let entry = 0; entry < 3; entry += 1) machine.pass();
  expect(send(late, 1)).toEqual(integer(1));
  for (let entry = 0; entry < 5; entry += 1) machine.pass();
  expect(machine.machine.sessionCount).toBe(1);
  expect(send(late, 1)).toEqual(refusal('NOSESSION'));
  expect(machine.machine.sessionCount).toBe(0);
});

test('where there are as many sessions as may be, the one unused for longest makes room', () => {
  const { open, send, machine } = createClient({ sessionsMax: 3 });
  const [first, second, third] = [open(), open(), open()];
  send(first, 1);
  const fourth = open();
  expect(machine.machine.sessionCount).toBe(3);
  expect(send(second, 1)).toEqual(refusal('NOSESSION'));
  for (const session of [first, third, fourth]) expect(send(session, 2).type).toBe('integer');
});

test('a session that remembers as many answers as may be executes nothing new', () => {
  const { open, send, counter } = createClient({ repliesPerSessionMax: 3 });
  const session = open();
  for (const sequence of [1, 2, 3]) send(session, sequence);
  expect(send(session, 4)).toEqual(refusal('OVERLOADED'));
  expect(send(session, 2)).toEqual(integer(2));
  expect(counter()).toEqual({ type: 'bulk', value: bytes('3') });
  // The refusal is not remembered: it said that nothing has happened.
  expect(send(session, 4, { acknowledgedBelow: 2 })).toEqual(integer(4));
});

test('a session that remembers as many bytes as may be executes nothing new', () => {
  const { open, send, machine } = createClient({ replyBytesPerSessionMax: 1000 });
  const session = open();
  const value = new Uint8Array(600).fill(1);
  const pop: DataCommand = { type: 'listPop', key, side: 'left' };
  machine.apply({ type: 'listPush', key, side: 'left', values: [value, value, value] });
  expect(send(session, 1, { command: pop }).type).toBe('bulk');
  expect(send(session, 2, { command: pop }).type).toBe('bulk');
  expect(send(session, 3, { command: pop })).toEqual(refusal('OVERLOADED'));
  expect(machine.read({ type: 'listLength', key })).toEqual(integer(1));
  expect(send(session, 3, { command: pop, acknowledgedBelow: 3 }).type).toBe('bulk');
});

test('while all sessions together remember too many bytes, those unused for longest go', () => {
  const { open, send, machine } = createClient({ replyBytesMax: 2000 });
  const [first, second, third] = [open(), open(), open()];
  const value = new Uint8Array(900).fill(1);
  const pop: DataCommand = { type: 'listPop', key, side: 'left' };
  machine.apply({ type: 'listPush', key, side: 'left', values: [value, value, value] });
  for (const session of [second, first, third]) send(session, 1, { command: pop });
  expect(machine.machine.sessionCount).toBe(2);
  expect(send(second, 1, { command: pop })).toEqual(refusal('NOSESSION'));
  expect(send(first, 1, { command: pop }).type).toBe('bulk');
});

test('who expires next is the same after a snapshot', () => {
  const run = (withSnapshot: boolean): readonly unknown[] => {
    const { open, send, restore } = createClient({ sessionsMax: 3 });
    const [first, second, third] = [open(), open(), open()];
    send(first, 1);
    send(third, 1);
    if (withSnapshot) restore();
    open();
    return [first, second, third].map((session) => send(session, 1));
  };
  expect(run(true)).toEqual(run(false));
  expect(run(true)[1]).toEqual(refusal('NOSESSION'));
});

interface Attempt {
  readonly session: number;
  readonly command: number;
  readonly snapshot: boolean;
}

const attempt: fc.Arbitrary<Attempt> = fc.record({
  session: fc.nat(2),
  command: fc.nat(9),
  snapshot: fc.boolean(),
});

test('however often and in whatever order commands are sent, each takes effect once', () => {
  fc.assert(
    fc.property(fc.array(attempt, { maxLength: 80, size: 'max' }), (attempts) => {
      const { machine, open, send, restore } = createClient();
      const ids = [open(), open(), open()];
      const answers = new Map<string, Reply>();
      for (const { session, command, snapshot } of attempts) {
        const name = `${session}:${command}`;
        const push: DataCommand = { type: 'listPush', key, side: 'right', values: [bytes(name)] };
        const reply = send(ids[session] ?? 0, command + 1, { command: push });
        expect(reply).toEqual(answers.get(name) ?? integer(answers.size + 1));
        answers.set(name, reply);
        if (snapshot) restore();
      }
      const read = machine.read({ type: 'listRange', key, start: 0, stop: -1 });
      expect(read).toEqual({ type: 'array', items: [...answers.keys()].map(bytes) });
    }),
    { numRuns: 200 },
  );
});
