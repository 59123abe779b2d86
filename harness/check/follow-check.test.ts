import { expect, test } from 'vitest';
import type { Op } from '../../checker/history.ts';
import type { Model } from '../../checker/model.ts';
import { createRegister } from '../../checker/models/register.ts';
import { HistoryBuilder } from '../../checker/pairing.ts';
import { GrowingCheck } from './follow-check.ts';

/** Writes of 1, 2, 3, … on a key, one after the other; adds them to the builder. */
class Writer {
  readonly builder = new HistoryBuilder();
  #index = 0;

  add(op: Omit<Op, 'index' | 'timeNs'>): void {
    this.builder.add({ ...op, index: this.#index, timeNs: this.#index });
    this.#index += 1;
  }

  write(key: string, value: number): void {
    this.add({ process: 0, type: 'invoke', f: 'write', key, value });
    this.add({ process: 0, type: 'ok', f: 'write', key, value });
  }

  read(key: string, value: number): void {
    this.add({ process: 0, type: 'invoke', f: 'read', key, value: null });
    this.add({ process: 0, type: 'ok', f: 'read', key, value });
  }
}

function run<T>(work: Generator<void, T>): T {
  for (;;) {
    const next = work.next();
    if (next.done === true) return next.value;
  }
}

const bytesMax = 1e9;

test('all checks of a growing key together cost a constant times the last one', () => {
  const writer = new Writer();
  let checked = 0;
  const register = createRegister();
  const model: Model = {
    ...register,
    fast: (input) => {
      checked += input.columns.count;
      return register.fast?.(input) ?? { type: 'undecided', reason: 'none' };
    },
  };
  const check = new GrowingCheck({ builder: writer.builder, model, bytesMax });
  const count = 5000;
  for (let at = 1; at <= count; at += 1) {
    writer.write('x', at);
    expect(run(check.checkGrown())).toBe(null);
  }
  expect(checked).toBeGreaterThan(count);
  expect(checked).toBeLessThan(13 * count);
});

test('a key without news is not checked again, and the progress says how far it got', () => {
  const writer = new Writer();
  const check = new GrowingCheck({ builder: writer.builder, model: createRegister(), bytesMax });
  writer.write('x', 1);
  writer.write('y', 1);
  expect(check.progress).toMatchObject({ checkedTo: 0, keys: 2, operations: 2, lines: 4 });
  expect(run(check.checkRest())).toBe(null);
  expect(check.progress.checkedTo).toBe(4);
  for (let at = 2; at <= 40; at += 1) writer.write('y', at);
  expect(run(check.checkGrown())).toBe(null);
  const { lines } = writer.builder;
  // One tenth of 40 is more than this one, which waits until nothing else is to do.
  writer.write('y', 41);
  expect(run(check.checkGrown())).toBe(null);
  expect(check.progress.checkedTo).toBe(lines);
  expect(run(check.checkRest())).toBe(null);
  expect(check.progress.checkedTo).toBe(lines + 2);
});

test('what is open at the end counts as open: a read may have seen it', () => {
  const writer = new Writer();
  const check = new GrowingCheck({ builder: writer.builder, model: createRegister(), bytesMax });
  writer.add({ process: 1, type: 'invoke', f: 'write', key: 'x', value: 7 });
  writer.read('x', 7);
  expect(run(check.checkRest())).toBe(null);
  writer.add({ process: 1, type: 'ok', f: 'write', key: 'x', value: 7 });
  expect(run(check.checkRest())).toBe(null);
});

test('a violation on one key leaves the others with news undecided, and says so', () => {
  const writer = new Writer();
  const check = new GrowingCheck({ builder: writer.builder, model: createRegister(), bytesMax });
  writer.read('x', 9);
  writer.write('y', 1);
  const found = run(check.checkRest());
  if (found === null) throw new Error('a read of a value that nobody wrote');
  expect(check.verdictOf(found)).toMatchObject({
    valid: false,
    operations: 2,
    keys: ['x'],
    undecided: ['y'],
  });
});
