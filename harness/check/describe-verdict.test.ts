import { expect, test } from 'vitest';
import { createRegister } from '../../checker/models/register.ts';
import { checkWhole } from '../../checker/testing/check-whole.ts';
import { history, read, write } from '../../checker/testing/operations.ts';
import { describeVerdictText } from './describe-verdict.ts';

const counts = { ok: 3, fail: 0, info: 0, open: 0 };

test('a violation is told with its operations, the longest order and what is in its way', () => {
  const operations = history(write(1, [0, 1]), write(2, [2, 3]), read(1, [4, 5]));
  const verdict = checkWhole({ operations, model: createRegister() });
  const text = describeVerdictText({
    path: 'history.jsonl',
    model: 'register',
    verdict,
    counts,
    lines: 6,
    notes: [],
    seconds: 0.01,
  });
  expect(text).toContain('invalid: not linearizable, lost-write');
  expect(text).toMatch(/op 2 {2}process 2 {2}n1 {2}read 1 +entries 4 to 5/);
  expect(text).toContain(
    'The longest order, with the state after each: op 0 (1), then op 1 (2). It leaves:\n' +
      '  op 2 returned 1, but the value is 2\n',
  );
  expect(text).toContain('every order of them was tried');
});

test('a verdict is plain data: as JSON it says the same', () => {
  const operations = history(write(1, [0, 1]), write(2, [2]), read(3, [4, 5]));
  const verdict = checkWhole({ operations, model: createRegister() });
  const { witness, ...rest } = verdict.valid === false ? verdict : { witness: null };
  expect(JSON.parse(JSON.stringify(verdict))).toMatchObject({
    ...rest,
    witness: { ...witness, operations: [{ id: 2, f: 'read', output: 3 }] },
  });
});
