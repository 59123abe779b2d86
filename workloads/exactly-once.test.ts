import { describe, expect, it } from 'vitest';
import type { CheckerResult } from '../harness/checker.ts';
import { exactlyOnce } from './exactly-once.ts';
import { type Line, opsOf, runOf } from './test-run.ts';

/** `final` is the answer of the last read; undefined: there is none. */
function judge(lines: readonly Line[], final: readonly unknown[] | undefined) {
  const before = opsOf(lines).length;
  const read: readonly Line[] = final === undefined ? [] : [[9, 'read', null, 'ok', final]];
  return exactlyOnce.check(runOf(opsOf([...lines, ...read]), before));
}

const appended: readonly Line[] = [
  [0, 'append', 11, 'ok'],
  [1, 'append', 12, 'info'],
  [2, 'append', 13, 'fail'],
  [3, 'append', 14, 'invoke'],
];

describe('exactly once', () => {
  it('is kept by what stands once, whether or not what is unknown is there', () => {
    for (const final of [[11], [11, 12], [14, 11, 12]]) {
      expect(judge(appended, final), String(final)).toMatchObject({
        name: 'exactly-once',
        valid: true,
        details: { acknowledged: 1, unknown: 2, offenceCount: 0 },
        summary: '1 acknowledged element on 1 key, each of them once',
      });
    }
    expect(judge(appended, [11])).toMatchObject({
      blind: ['2 elements of unknown outcome: once or not at all, either is right'],
    });
    expect(judge([[0, 'append', 11, 'ok']], [11])).toMatchObject({ blind: [] });
  });

  it('names an element that stands twice, its append, and how often', () => {
    expect(judge(appended, [11, 12, 11])).toMatchObject({
      valid: false,
      summary:
        "11, process 0's append on n1 (op 0), acknowledged, stands 2 times in the last read of " +
        'key 0 (op 7)',
      details: {
        offences: [{ kind: 'repeated', key: '0', element: '11', count: 2, operation: 0 }],
      },
    });
    expect(judge(appended, [12, 11, 12, 12])).toMatchObject({
      valid: false,
      summary:
        "12, process 1's append on n1 (op 2), of unknown outcome, stands 3 times in the last " +
        'read of key 0 (op 7)',
    });
  });

  it('names an acknowledged element that is missing', () => {
    expect(judge(appended, [12])).toMatchObject({
      valid: false,
      summary:
        "11, process 0's append on n1 (op 0), acknowledged, is missing in the last read of " +
        'key 0 (op 7)',
      details: { offences: [{ kind: 'lost', element: '11', count: 0, operation: 0 }] },
    });
  });

  it('names an element of a failed append, and one of nobody', () => {
    expect(judge(appended, [11, 13])).toMatchObject({
      valid: false,
      summary:
        "13, process 2's append on n1 (op 4), failed, stands 1 time in the last read of " +
        'key 0 (op 7)',
      details: { offences: [{ kind: 'failed' }] },
    });
  });

  it('names all of them, the first in full', () => {
    const result = judge(appended, [99, 13]);
    expect(result).toMatchObject({
      valid: false,
      summary: '99 stands in the last read of key 0 (op 7), and nobody appended it, and 2 more',
      details: {
        offences: [
          { kind: 'unexpected', element: '99', operation: null },
          { kind: 'failed', element: '13' },
          { kind: 'lost', element: '11' },
        ],
      },
    });
  });

  it('names a call that had another answer when it was sent again', () => {
    const message = 'number 1 was answered 7, and when sent again ERR already';
    const mark = { error: { code: 'another-answer', message } };
    const ops = opsOf([
      [0, 'append', 11, 'ok'],
      [9, 'read', null, 'ok', [11]],
    ]);
    const marked = ops.map((op) => (op.index === 1 ? { ...op, ...mark } : op));
    expect(exactlyOnce.check(runOf(marked, 2))).toMatchObject({
      valid: false,
      summary:
        "process 0's append of 11 to key 0 on n1 (op 0) was not answered once and for all: " +
        'sequence number 1 was answered 7, and when sent again ERR already',
      details: { offences: [{ kind: 'answered-twice', element: '11', operation: 0 }] },
    });
  });

  it('counts an element that was appended twice on purpose twice', () => {
    const twice: readonly Line[] = [
      [0, 'append', 1, 'ok'],
      [1, 'append', 1, 'ok'],
    ];
    expect(judge(twice, [1, 1])).toMatchObject({ valid: true });
    expect(judge(twice, [1])).toMatchObject({ valid: false });
    expect(judge(twice, [1, 1, 1])).toMatchObject({ valid: false });
  });

  it('looks at each key by itself', () => {
    const one = opsOf([[0, 'append', 1, 'ok']], 'a');
    const other = opsOf([[1, 'read', null, 'ok', [1]]], 'b');
    const ops = [...one, ...other].map((op, index) => ({ ...op, index }));
    expect(exactlyOnce.check(runOf(ops, 2))).toMatchObject({
      valid: false,
      details: { offences: [{ kind: 'unexpected', key: 'b' }] },
    });
  });

  it('is unknown without a read of the end, and says which keys', () => {
    const early: readonly Line[] = [
      [0, 'append', 1, 'ok'],
      [1, 'read', null, 'ok', [1]],
      [0, 'append', 2, 'ok'],
    ];
    expect(judge(early, undefined)).toMatchObject({
      valid: 'unknown',
      summary: '1 of 1 key was not read at the end',
      details: { keysWithoutFinalRead: ['0'] },
      blind: ['the end of key 0: nobody read it'],
    });
    expect(exactlyOnce.check(runOf(opsOf(early), null))).toMatchObject({ valid: 'unknown' });
    expect(judge([[0, 'append', 1, 'ok']], undefined)).toMatchObject({ valid: 'unknown' });
  });

  it('is unknown when the last read is no list, which says nothing of what is missing', () => {
    const ops = opsOf([
      [0, 'append', 1, 'ok'],
      [9, 'read', null, 'ok', '[1]'],
    ]);
    expect(exactlyOnce.check(runOf(ops, 2))).toMatchObject({
      valid: 'unknown',
      summary: 'the last read of key 0 (op 2) could not be read: it is "[1]"',
      details: { offenceCount: 0, keysWithoutList: ['0'] },
      blind: ['what key 0 held in the last read'],
    });
  });

  it('sees in an earlier read what is wrong even there', () => {
    const early: readonly Line[] = [
      [0, 'append', 1, 'ok'],
      [1, 'read', null, 'ok', [1, 1]],
    ];
    expect(judge(early, undefined)).toMatchObject({ valid: false });
    expect(
      judge(
        [
          [0, 'append', 1, 'ok'],
          [1, 'read', null, 'ok', []],
        ],
        undefined,
      ),
    ).toMatchObject({
      valid: false,
    });
  });

  it('looks at the last of several reads, and at no read without an answer', () => {
    const early: readonly Line[] = [
      [0, 'append', 1, 'ok'],
      [1, 'read', null, 'ok', [1]],
      [0, 'append', 2, 'ok'],
    ];
    expect(judge(early, [1, 2])).toMatchObject({ valid: true });
    expect(judge(early, [1])).toMatchObject({ valid: false });
    const before = opsOf(early).length;
    const more: readonly Line[] = [
      [9, 'read', null, 'ok', [1, 2]],
      [8, 'read', null, 'info', null],
    ];
    expect(exactlyOnce.check(runOf(opsOf([...early, ...more]), before))).toMatchObject({
      valid: true,
    });
  });

  it('does not count an element among the unknown that was acknowledged another time', () => {
    const lines: readonly Line[] = [
      [0, 'append', 1, 'ok'],
      [1, 'append', 1, 'info'],
    ];
    expect(judge(lines, [1, 1])).toMatchObject({ valid: true, details: { unknown: 0 } });
  });

  it('tells twenty offences, and how many there are', () => {
    const many = Array.from({ length: 30 }, (_, at): Line => [0, 'append', at, 'ok']);
    const result = judge(many, []) as CheckerResult;
    expect(result.details['offences']).toHaveLength(20);
    expect(result.details['offenceCount']).toBe(30);
  });

  it('is unknown when nothing was acknowledged', () => {
    expect(judge([[0, 'append', 1, 'info']], [])).toMatchObject({
      valid: 'unknown',
      summary: 'no append was acknowledged',
    });
  });
});
