import { describe, expect, it } from 'vitest';
import type { CheckerResult } from '../harness/checker.ts';
import { type Line, opsOf, runOf } from './test-run.ts';
import { totalQueue } from './total-queue.ts';

const empty: Line = [9, 'dequeue', null, 'ok', null];

/** The lines, then what the draining at the end takes out. */
function judge(lines: readonly Line[], drained: readonly unknown[] = []) {
  const out = drained.map((each): Line => [9, 'dequeue', null, 'ok', each]);
  const ops = opsOf([...lines, ...out, empty]);
  return totalQueue.check(runOf(ops, opsOf(lines).length)) as CheckerResult;
}

const entered: readonly Line[] = [
  [0, 'enqueue', 11, 'ok'],
  [1, 'enqueue', 12, 'info'],
  [2, 'enqueue', 13, 'fail'],
  [3, 'enqueue', 14, 'invoke'],
];

describe('total queue', () => {
  it('is kept when what was acknowledged came out once, whatever became of the unknown', () => {
    for (const drained of [[11], [12, 11], [11, 14, 12]]) {
      expect(judge(entered, drained), String(drained)).toMatchObject({
        name: 'total-queue',
        valid: true,
        summary: '1 acknowledged element on 1 key came out once',
        details: { acknowledged: 1, unknownEnqueues: 2, offenceCount: 0 },
        blind: [],
      });
    }
  });

  it('names an element that came out twice, of which dequeues', () => {
    const lines: readonly Line[] = [...entered, [4, 'dequeue', null, 'ok', 11]];
    expect(judge(lines, [11])).toMatchObject({
      valid: false,
      summary:
        "11, process 0's enqueue on n1 (op 0), acknowledged, came out of key 0 2 times (op 7, 9)",
      details: {
        offences: [{ kind: 'duplicated', element: '11', operation: 0, dequeues: [7, 9] }],
      },
    });
    expect(judge([...lines, [5, 'dequeue', null, 'ok', 12]], [12])).toMatchObject({
      valid: false,
      details: { offences: [{ kind: 'duplicated', element: '12' }] },
    });
  });

  it('names a lost element, and that nothing can have taken it', () => {
    expect(judge(entered)).toMatchObject({
      valid: false,
      summary:
        "11, process 0's enqueue on n1 (op 0), acknowledged, never came out of key 0; no dequeue " +
        'of unknown outcome can have taken it',
      details: { offences: [{ kind: 'lost', element: '11', operation: 0, dequeues: [] }] },
    });
  });

  it('lets a dequeue without an answer be the excuse for one element, and says so', () => {
    const lines: readonly Line[] = [...entered, [4, 'dequeue', null, 'info']];
    expect(judge(lines)).toMatchObject({
      valid: true,
      summary:
        '0 of 1 acknowledged element on 1 key came out once; 1 did not, which 1 dequeue without ' +
        'an answer may have taken',
      details: { missingCount: 1, missing: [{ key: '0', elements: ['11'] }] },
      blind: [
        '1 dequeue of unknown outcome: each may have taken an element that nobody saw; 1 ' +
          'acknowledged did not come out',
      ],
    });
    expect(judge(lines, [11])).toMatchObject({
      summary: '1 acknowledged element on 1 key came out once',
      blind: ['1 dequeue of unknown outcome: each may have taken an element that nobody saw'],
    });
    const two: readonly Line[] = [...lines, [5, 'enqueue', 15, 'ok']];
    expect(judge(two)).toMatchObject({
      valid: false,
      summary:
        "11, process 0's enqueue on n1 (op 0), acknowledged, never came out of key 0; more are " +
        'missing than its 1 dequeue of unknown outcome can have taken, and 1 more',
    });
  });

  it('takes a dequeue that the history ends before for one without an answer', () => {
    const ops = opsOf([[0, 'enqueue', 1, 'ok'], [4, 'dequeue', null, 'invoke'], empty]);
    expect(totalQueue.check(runOf(ops, 0))).toMatchObject({
      valid: true,
      details: { unknownDequeues: 1, missingCount: 1 },
    });
  });

  it('lets nothing be an excuse that was asked for after the key was empty', () => {
    const late: Line = [4, 'dequeue', null, 'info'];
    const ops = opsOf([[0, 'enqueue', 1, 'ok'], empty, late]);
    expect(totalQueue.check(runOf(ops, 0))).toMatchObject({
      valid: false,
      summary: expect.stringContaining('no dequeue of unknown outcome can have taken it'),
      details: { unknownDequeues: 1 },
    });
    const again = opsOf([[0, 'enqueue', 1, 'ok'], empty, late, empty]);
    expect(totalQueue.check(runOf(again, 0))).toMatchObject({ valid: true });
  });

  it('does not take a key for drained that was found empty before its last element', () => {
    const ops = opsOf([[0, 'enqueue', 1, 'ok'], [9, 'dequeue', null, 'ok', 1], empty]);
    const more = opsOf([[0, 'enqueue', 2, 'ok']]);
    const all = [...ops, ...more].map((op, index) => ({ ...op, index }));
    expect(totalQueue.check(runOf(ops, 0))).toMatchObject({ valid: true });
    expect(totalQueue.check(runOf(all, 0))).toMatchObject({
      valid: 'unknown',
      details: { keysNotDrained: ['0'] },
    });
  });

  it('tells dequeues in the order in which they were asked', () => {
    const op = { timeNs: 0, f: 'dequeue', key: '0' } as const;
    const overlapping = [
      { ...op, index: 2, process: 5, type: 'invoke', value: null },
      { ...op, index: 3, process: 6, type: 'invoke', value: null },
      { ...op, index: 4, process: 6, type: 'ok', value: 1 },
      { ...op, index: 5, process: 5, type: 'ok', value: 1 },
    ] as const;
    const ops = [...opsOf([[0, 'enqueue', 1, 'ok']]), ...overlapping];
    expect(totalQueue.check(runOf(ops, 0))).toMatchObject({
      details: { offences: [{ kind: 'duplicated', dequeues: [2, 3] }] },
    });
  });

  it('tells twenty offences, and how many there are', () => {
    const many = Array.from({ length: 30 }, (_, at): Line => [0, 'enqueue', at, 'ok']);
    const { details, summary } = judge(many);
    expect(details['offences']).toHaveLength(20);
    expect(details['offenceCount']).toBe(30);
    expect(summary).toContain(', and 29 more');
  });

  it('does not let the dequeues of one key excuse another', () => {
    const one = opsOf([[0, 'enqueue', 1, 'ok'], empty], 'a');
    const other = opsOf([[1, 'dequeue', null, 'info'], empty], 'b');
    const ops = [...one, ...other].map((op, index) => ({ ...op, index }));
    expect(totalQueue.check(runOf(ops, 0))).toMatchObject({ valid: false });
  });

  it('names what nobody put in, and what was put in and refused', () => {
    expect(judge(entered, [11, 99, 13])).toMatchObject({
      valid: false,
      summary: '99 came out of key 0 1 time (op 9), and nobody had put it in, and 1 more',
      details: {
        offences: [
          { kind: 'unexpected', element: '99', operation: null },
          { kind: 'failed', element: '13', operation: 4 },
        ],
      },
    });
  });

  it('is unknown when a key was not drained, and says which', () => {
    const ops = opsOf([[0, 'enqueue', 1, 'ok'], empty, [0, 'enqueue', 2, 'ok']]);
    expect(totalQueue.check(runOf(ops, 4))).toMatchObject({
      valid: 'unknown',
      summary: '1 of 1 key was not drained at the end',
      details: { keysNotDrained: ['0'], missingCount: 2 },
      blind: ['what is left in key 0'],
    });
    expect(totalQueue.check(runOf(ops, null))).toMatchObject({ valid: 'unknown' });
    expect(judge([[0, 'enqueue', 1, 'info']], [1])).toMatchObject({
      valid: 'unknown',
      summary: 'no enqueue was acknowledged',
    });
  });
});
