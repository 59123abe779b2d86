import { describe, expect, it } from 'vitest';
import type { CheckerResult } from '../harness/checker.ts';
import { fencing } from './fencing.ts';
import { type Line, opsOf, runOf } from './test-run.ts';

type Outcome = 'ok' | 'fail' | 'info';

/** `to` is the process and the token that it gets. */
const grant = (to: readonly [number, number], from: number | null = null): Line => [
  to[0],
  'acquire',
  from,
  'ok',
  to[1],
];
const write = (by: readonly [number, number], isAccepted = true, type: Outcome = 'ok'): Line => [
  by[0],
  'write',
  [by[1], 'x'],
  type,
  isAccepted,
];

/** `final` is what happens at the end. */
function judge(lines: readonly Line[], final: readonly Line[] = []) {
  const ops = opsOf([...lines, ...final]).map((op) => {
    // Answers of what changes something stand in `result`.
    return op.type === 'ok' ? { ...op, result: op.value } : op;
  });
  return fencing.check(runOf(ops, opsOf(lines).length)) as CheckerResult;
}

const takenOver = [grant([0, 1]), write([0, 1]), grant([1, 2], 1), write([1, 2])];

describe('fencing', () => {
  it('was tested where a holder was taken over, and says how often', () => {
    expect(judge([...takenOver, write([0, 1], false)])).toMatchObject({
      name: 'fencing',
      valid: true,
      summary:
        '2 grants, 1 take-over among them; 2 writes accepted and 1 rejected, 1 with an old token',
      details: { grants: 2, takeovers: 1, accepted: 2, rejected: 1, late: 1 },
      blind: [],
    });
  });

  it('says that no old token was rejected, where none was', () => {
    expect(judge(takenOver)).toMatchObject({
      valid: true,
      blind: ['whether a write of an old token is rejected: none had to be'],
    });
  });

  it('was tested where a holder wrote after another had got the lock', () => {
    const released: readonly Line[] = [grant([0, 1]), [0, 'release', 1, 'ok'], grant([1, 2])];
    expect(judge([...released, write([0, 1])])).toMatchObject({
      valid: true,
      details: { late: 1, takeovers: 0 },
      blind: expect.arrayContaining(['a take-over while others were at work: there was none']),
    });
    expect(judge([...released, write([1, 2])])).toMatchObject({
      valid: 'unknown',
      details: { late: 0 },
    });
  });

  it('was not tested where every write was rejected, or none was answered', () => {
    const summary = expect.stringMatching(/^no write was accepted, .*1 take-over among them; 0 wr/);
    const none = [grant([0, 1]), grant([1, 2], 1)];
    for (const type of ['fail', 'info'] as const) {
      expect(judge([...none, write([1, 2], true, type)])).toMatchObject({
        valid: 'unknown',
        summary,
      });
    }
    expect(judge([...none, write([1, 2], false)])).toMatchObject({ valid: 'unknown', summary });
    expect(judge([])).toMatchObject({ valid: 'unknown' });
  });

  it('was not tested where nobody took over, or only when all was at its end', () => {
    const lone = [grant([0, 1]), write([0, 1])];
    expect(judge(lone)).toMatchObject({
      valid: 'unknown',
      summary:
        'no holder was taken over and no write came with an old token, so no token was needed ' +
        '(1 grant, 0 take-overs among them; 1 write accepted and 0 rejected, 0 with an old token)',
    });
    const refused: Line = [1, 'acquire', 1, 'fail'];
    expect(judge([...lone, refused])).toMatchObject({ valid: 'unknown' });
    const final = [grant([1, 2], 1), write([1, 2])];
    expect(judge(lone, final)).toMatchObject({
      valid: 'unknown',
      summary: expect.stringMatching(/^no holder was taken over before the end and/),
      details: { takeovers: 0, finalTakeovers: 1 },
    });
  });

  it('takes each key by itself', () => {
    const other = opsOf([write([2, 1])], 'b').map((op) => ({ ...op, index: op.index + 100 }));
    const ops = [...opsOf([grant([0, 5])]), ...other];
    const result = fencing.check(runOf(ops, null));
    expect(result).toMatchObject({ valid: 'unknown', details: { late: 0, accepted: 1 } });
  });
});
