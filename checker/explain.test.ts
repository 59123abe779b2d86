import { expect, test } from 'vitest';
import { linearizeByBruteForce } from './brute-force.ts';
import { ContradictionError } from './explain.ts';
import type { Operation } from './history.ts';
import { defineModel, type FastResult } from './model.ts';
import { createKv } from './models/kv.ts';
import { createCasRegister } from './models/register.ts';
import { checkWhole } from './testing/check-whole.ts';
import { cas, history, read, type Span, write } from './testing/operations.ts';
import { createRandom, simulateHistory } from './testing/random-history.ts';
import type { Witness } from './verdict.ts';

const model = createCasRegister();

function witnessOf(operations: readonly Operation[]): Witness {
  const verdict = checkWhole({ operations, model });
  if (verdict.valid !== false) throw new Error(`the verdict is ${verdict.valid}`);
  return verdict.witness;
}

test('a stale read is told with the processes, the nodes, the ops and how late it was', () => {
  const operations = history(
    write(1, [0, 1]),
    write(2, [3, 5]),
    read(2, [6, 7]),
    read(1, [9, 10]),
    read(2, [11, 12]),
  );
  const witness = witnessOf(operations);
  expect(witness.sentence).toBe(
    "process 3's read on n1 (op 3) returned 1, although process 1's write of 2 on n1 (op 1) had " +
      'completed 4 entries of the history before that read began. 1 is the older value: ' +
      "process 0's write of 1 on n1 (op 0) completed 2 entries of the history before " +
      "process 1's write of 2 on n1 (op 1) began.",
  );
  expect(witness.operations.map(({ id }) => id)).toEqual([0, 1, 3]);
  expect(witness.longestOrder).toEqual([0, 1]);
});

test('a stale value that came by compare-and-set is told with the value that it came from', () => {
  const { sentence } = witnessOf(
    history(
      write(1, [0, 1]),
      cas([1, 2], [2, 3]),
      read(2, [4, 5]),
      write(3, [6, 7]),
      read(3, [8, 9]),
      read(2, [10, 11]),
    ),
  );
  expect(sentence).toContain('2 is the older value, linked with 1 by compare-and-set: process 0');
});

test('a stale read says how many newer values there were', () => {
  const writes = [1, 2, 3, 4].map((value, at) => write(value, [2 * at, 2 * at + 1]));
  const stale = witnessOf(history(...writes, read(4, [8, 9]), read(1, [10, 11])));
  expect(stale.kind).toBe('stale-read');
  expect(stale.sentence).toContain('stale by 3 values');
  const lost = witnessOf(history(...writes, read(1, [10, 11])));
  expect(lost.kind).toBe('lost-write');
  expect(lost.sentence).toContain('nobody ever saw its value');
});

test('a violation of the initial value says so', () => {
  const { sentence } = witnessOf(history(write(1, [0, 1]), read(null, [2, 3])));
  expect(sentence).toContain('null is the initial value.');
});

test('a long chain of cas is kept whole, for without a link it would be another violation', () => {
  const links = Array.from({ length: 20 }, (_, at) => cas([at, at + 1], [2 + 2 * at, 3 + 2 * at]));
  const witness = witnessOf(history(write(0, [0, 1]), ...links, read(19, [60, 61])));
  expect(witness.kind).toBe('stale-read');
  expect(witness.operations.length).toBe(22);
  expect(witness.confirmedBy).toBe('search');
});

test('where values repeat, the few operations that remain still have a name', () => {
  // A register that really ran, with values from 0 to 4, and one read spoiled in the middle.
  const shape = {
    operations: 300,
    processes: 5,
    values: 5,
    repeatShare: 0,
    casShare: 0.2,
    tellsSeen: true,
    infoShare: 0.02,
    spoilShare: 0,
  };
  const kinds = new Set<string>();
  for (let seed = 0; seed < 12; seed += 1) {
    const operations = simulateHistory(shape, createRandom(seed));
    const at = operations.findIndex(({ f, id }) => f === 'read' && id > 150);
    const spoiled = operations.map((operation, index) =>
      index === at ? { ...operation, output: 77 } : operation,
    );
    const foreign = [...spoiled, { ...write(77, [9000, 9001]), id: 300, process: 300, key: null }];
    const witness = witnessOf(foreign);
    kinds.add(witness.kind);
    expect(witness.operations.map(({ id }) => id)).toEqual([at, 300]);
    expect(linearizeByBruteForce(witness.operations, model).type).toBe('none');
  }
  expect([...kinds]).toEqual(['future-read']);
});

test('who returned after the impossible read is not blamed for what came later', () => {
  // The 5 is written twice, so the search decides; the cas rests on a write after the bad read.
  const operations = history(
    write(5, [0, 1]),
    write(5, [2, 3]),
    write(6, [4, 5]),
    cas([1, 2], [6, 20]),
    read(5, [7, 8]),
    write(1, [10, 11]),
  );
  const witness = witnessOf(operations);
  expect(witness.operations.map(({ id }) => id)).toContain(4);
  expect(witness.operations.map(({ id }) => id)).not.toContain(3);
  expect(witness.kind).not.toBe('unwritten-value');
});

test('an order of the whole history contradicts an algorithm that says there is none', () => {
  const operations = history(write(1, [0, 1]), read(1, [2, 3]));
  const wrong = {
    ...model,
    fast: (): FastResult => ({
      type: 'invalid',
      finding: { kind: 'stale-read', sentence: 'It is not.', core: operations },
    }),
  };
  expect(() => checkWhole({ operations, model: wrong })).toThrow(ContradictionError);
});

test('where a model does not say what its operations see, a witness holds who made that', () => {
  const kv = createKv();
  const op = (f: string, value: unknown, output: unknown, [call, end]: Span): Operation => ({
    id: call,
    process: call,
    key: null,
    f,
    value,
    output,
    call,
    return: end ?? null,
  });
  // The second get is wrong; the first one is right, but only because of the appends.
  const operations = [
    op('delete', null, null, [0, 2]),
    op('append', 'b', null, [1, 4]),
    op('append', 'a', null, [5, 10]),
    op('append', 'ab', null, [7, 8]),
    op('get', null, 'baba', [9, 11]),
    op('get', null, null, [12, 13]),
  ];
  const verdict = checkWhole({ operations, model: kv });
  if (verdict.valid !== false) throw new Error(`the verdict is ${verdict.valid}`);
  const { witness } = verdict;
  expect(witness.operations.map(({ id }) => id)).toEqual([0, 1, 5, 7, 9, 12]);
  expect(witness.remaining.map(({ id }) => id)).toEqual([12]);
  expect(witness.confirmedBy).toBe('brute-force');
});

test('one operation that cannot have had its answer is not called an order of these 1', () => {
  const definition = { name: 'none', functions: ['read'], init: 0, step: () => undefined };
  const none = defineModel<number>({ ...definition, stateKey: String });
  const told = (operations: readonly Operation[]): string => {
    const verdict = checkWhole({ operations, model: none });
    return verdict.valid === false ? verdict.witness.sentence : 'valid';
  };
  expect(told(history(read(5, [0, 1])))).toMatch(
    /^process 0's read on n1 \(op 0\), the only operation on the key, cannot have had the answer/,
  );
  expect(told(history(read(5, [0, 1]), read(5, [2, 3])))).toMatch(/\(op 0\), out of 2 on the key/);
});

test('what stands in the way of an operation does not say its name again', () => {
  const definition = { name: 'none', functions: ['add'], init: 0, step: () => undefined };
  const none = defineModel<number>({ ...definition, stateKey: String });
  const why = (output: unknown): string | undefined => {
    const [add] = history(write(21, [0, 1])).map((each) => ({ ...each, f: 'add', output }));
    const verdict = checkWhole({ operations: add === undefined ? [] : [add], model: none });
    return verdict.valid === false ? verdict.witness.remaining[0]?.why : 'valid';
  };
  expect(why(true)).toBe('returned true, but the state is: 0');
  expect(why(null)).toBe('was acknowledged, but the state is: 0');
});

test('a value that nobody wrote is told of the read that returned it', () => {
  const { sentence } = witnessOf(history(write(1, [0, 1]), read(5, [2, 3])));
  expect(sentence).toBe("process 1's read on n1 (op 1) saw 5, a value that nobody ever wrote.");
});
