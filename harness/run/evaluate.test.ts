import { describe, expect, it } from 'vitest';
import type { Op, OpType } from '../../checker/history.ts';
import { worstOf } from '../checker.ts';
import type { ConductedFault } from '../nemesis/conductor.ts';
import { checkHealth, evaluateRun } from './evaluate.ts';
import type { TestOutcome } from './run-test.ts';

/** One process whose operations end as told, an invocation and a completion each. */
function history(ends: readonly OpType[]): readonly Op[] {
  return ends.flatMap((type, position) => {
    const base = { timeNs: 0, process: 0, f: 'read', key: 'k', value: null };
    return [
      { ...base, index: 2 * position, type: 'invoke' as const },
      { ...base, index: 2 * position + 1, type },
    ];
  });
}

function fault(family: 'partition' | 'kill', tookEffect: boolean, span = [0, 1]): ConductedFault {
  const op = (index: number): Op => ({
    index,
    timeNs: 0,
    process: 'nemesis',
    type: 'info',
    f: family,
    value: null,
  });
  return {
    family,
    description: '',
    nodes: [],
    trigger: 'progress',
    begin: op(span[0] ?? 0),
    end: op(span[1] ?? 0),
    beginEvidence: {},
    endEvidence: {},
    tookEffect,
  };
}

const outcome = (over: Partial<TestOutcome>): TestOutcome => ({
  faults: [],
  notReached: [],
  recovery: { problem: null, acknowledgedAt: 1, keysRead: 1 },
  leaders: [],
  unexpectedExits: [],
  ...over,
});

const allOk = history(Array(10).fill('ok'));

function validityOf(name: string, over: Partial<TestOutcome>, asked: readonly string[]): unknown {
  const nemesis = asked as readonly ('partition' | 'kill')[];
  const results = evaluateRun(allOk, outcome(over), { fs: ['read'], nemesis });
  return results.find((result) => result.name === name)?.valid;
}

describe('the worth of a run', () => {
  it('is unknown when faults were asked for and none was begun', () => {
    expect(validityOf('faults', {}, ['partition'])).toBe('unknown');
  });

  it('is unknown when one family of faults had no effect, whatever the other did', () => {
    const faults = [fault('kill', true), fault('partition', false)];
    expect(validityOf('faults', { faults }, ['partition', 'kill'])).toBe('unknown');
    expect(validityOf('faults', { faults }, ['kill'])).toBe(true);
  });

  it('is valid without faults when none were asked for, and says so', () => {
    const results = evaluateRun(allOk, outcome({}), { fs: ['read'], nemesis: [] });
    const faults = results.find((result) => result.name === 'faults');
    expect(faults?.valid).toBe(true);
    expect(faults?.summary).toContain('--nemesis none');
  });

  it('is unknown when fewer than a fifth succeed while the cluster is healthy', () => {
    const poor = history([...Array(17).fill('fail'), 'ok', 'ok', 'ok']);
    expect(checkHealth(poor, []).valid).toBe('unknown');
    const enough = history([...Array(16).fill('info'), 'ok', 'ok', 'ok', 'ok']);
    expect(checkHealth(enough, []).valid).toBe(true);
    expect(checkHealth([], []).valid).toBe('unknown');
  });

  it('is unknown when a kind of operation never succeeded', () => {
    const validity = (fs: readonly string[]): unknown =>
      evaluateRun(allOk, outcome({}), { fs, nemesis: [] })[0]?.valid;
    expect(validity(['read'])).toBe(true);
    expect(validity(['read', 'write'])).toBe('unknown');
  });

  it('does not hold failures during a fault against the cluster', () => {
    const ops = history([...Array(10).fill('fail'), 'ok']);
    expect(checkHealth(ops, [fault('kill', true, [0, 19])]).valid).toBe(true);
    expect(checkHealth(ops, [fault('kill', true, [0, 9])]).valid).toBe('unknown');
  });

  it('is unknown when the cluster did not come back, or a node ended by itself', () => {
    const recovery = { problem: 'no write', acknowledgedAt: null, keysRead: 0 };
    expect(validityOf('recovery', { recovery }, [])).toBe('unknown');
    expect(
      validityOf('nodes', { unexpectedExits: [{ node: 'n2', reason: 'exit code 255' }] }, []),
    ).toBe('unknown');
  });
});

describe('the worst of several verdicts', () => {
  it('puts invalid before unknown before valid', () => {
    expect(worstOf([true, 'unknown', false])).toBe(false);
    expect(worstOf([true, 'unknown'])).toBe('unknown');
    expect(worstOf([true, true])).toBe(true);
  });
});
