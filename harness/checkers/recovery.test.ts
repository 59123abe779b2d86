import { describe, expect, it } from 'vitest';
import type { CheckedRun, CheckerResult } from '../checker.ts';
import { madeRun } from './made-run.ts';
import { recovery } from './recovery.ts';

const judge = (parts: Partial<CheckedRun>): CheckerResult =>
  recovery.check(madeRun(parts)) as CheckerResult;

describe('the recovery of a run', () => {
  it('is well when every node has applied a change and the final operations were answered', () => {
    const result = judge({ recovery: { problem: null, finalOperations: 9, beganAt: 70 } });
    expect(result).toMatchObject({ valid: true, details: { beganAt: 70 } });
    expect(result.blind).toEqual(['what becomes of the cluster after its last final operation']);
    expect(result.summary).toContain('a change was applied on every node, and 9 final operations');
  });

  it('leaves a run unknown that did not come back, in the words of what did not happen', () => {
    const problem = 'n2 did not apply the change within 60 s';
    const result = judge({ recovery: { problem, finalOperations: 0, beganAt: 70 } });
    expect(result).toMatchObject({ valid: 'unknown', summary: problem });
    expect(result.blind).toEqual(['what the nodes that did not come back had kept']);
  });

  it('leaves a run unknown that broke off before it, with the reason', () => {
    const result = judge({ recovery: null, brokeOff: 'the engine is gone' });
    expect(result).toMatchObject({ valid: 'unknown', blind: ['the state at the end'] });
    expect(result.summary).toBe('the run broke off before the recovery: the engine is gone');
    expect(judge({ recovery: null }).summary).toContain('nobody knows why');
  });
});
