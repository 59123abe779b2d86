import { describe, expect, it } from 'vitest';
import type { CheckerResult } from '../checker.ts';
import { errors } from './errors.ts';
import { MadeHistory } from './made-run.ts';

const judge = (history: MadeHistory): CheckerResult => errors.check(history.run()) as CheckerResult;

describe('the errors of a run', () => {
  it('are none when every operation succeeded', () => {
    expect(judge(new MadeHistory().times(3).begin('kill', {}))).toEqual({
      name: 'errors',
      valid: true,
      summary: 'every operation succeeded',
      details: { count: 0, groups: [], ungrouped: 0 },
      blind: [],
    });
  });

  it('are grouped by outcome and code, most frequent first, with the first words of each', () => {
    const history = new MadeHistory().times(1, { end: 'info', code: 'timeout' });
    history.times(2, { end: 'fail', code: 'MOVED', message: '0 n2:1', node: 'n3' });
    history.times(1, { end: 'fail', code: 'MOVED', message: '0 n1:1', f: 'write' });
    history.times(1, { end: 'fail', code: 'timeout' }).times(1, { end: 'info' });
    const { valid, summary, details } = judge(history);
    expect(valid).toBe(true);
    expect(summary).toBe(
      '6 operations did not succeed: 3 MOVED (did not happen), 1 timeout (unknown), ' +
        '1 timeout (did not happen), 1 without a code (unknown)',
    );
    expect(details).toMatchObject({ count: 6, ungrouped: 0 });
    const [moved] = details['groups'] as readonly unknown[];
    expect(moved).toEqual({
      ...{ type: 'fail', code: 'MOVED', count: 3, first: { index: 3, message: '0 n2:1' } },
      ...{ byF: { read: 2, write: 1 }, byNode: { n3: 2, n1: 1 } },
    });
  });

  it('are unknown when the client did not understand an answer, however rare', () => {
    const history = new MadeHistory().times(90, { end: 'fail', code: 'NOLEADER' });
    history.times(2, {
      end: 'info',
      code: 'unexpected-reply',
      message: `an integer ${'9'.repeat(400)}`,
    });
    const { valid, summary } = judge(history);
    expect(valid).toBe('unknown');
    expect(summary).toMatch(
      /^the client did not understand 2 answers; the first, at index 181 of the history: an int/,
    );
    expect(summary.length).toBeLessThan(400);
  });

  it('are shown in part when there are many, and counted all', () => {
    const history = new MadeHistory();
    for (let code = 0; code < 205; code++) history.times(1, { end: 'fail', code: `E${code}` });
    history.times(1, { end: 'info', code: 'unexpected-reply' });
    const { valid, details, blind } = judge(history);
    expect(valid).toBe('unknown');
    expect(details).toMatchObject({ count: 206, ungrouped: 5 });
    expect(blind).toContain('codes beyond the first 200: 5 errors');
    const seven = new MadeHistory();
    for (let code = 0; code < 7; code++) seven.times(1, { end: 'fail', code: `E${code}` });
    expect(judge(seven).summary).toContain('1 E4 (did not happen) and 2 more kinds');
    const six = new MadeHistory();
    for (let code = 0; code < 6; code++) six.times(1, { end: 'fail', code: `E${code}` });
    expect(judge(six).summary).toContain(' and 1 more kind');
    expect(judge(six).details['groups']).toMatchObject([
      { first: { message: 'no more was told' } },
      ...Array(5).fill({}),
    ]);
    const five = new MadeHistory();
    for (let code = 0; code < 5; code++) five.times(1, { end: 'fail', code: `E${code}` });
    expect(judge(five).summary).toMatch(/1 E4 \(did not happen\)$/);
  });
});
