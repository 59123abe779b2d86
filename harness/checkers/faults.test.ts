import { describe, expect, it } from 'vitest';
import type { CheckedRun, CheckerResult } from '../checker.ts';
import { faults } from './faults.ts';
import { MadeHistory, madeRun } from './made-run.ts';

const judge = (parts: Partial<CheckedRun>): CheckerResult =>
  faults.check(madeRun(parts)) as CheckerResult;

/** One fault of each name; those after a `!` without effect. */
function faultsOf(...names: readonly string[]): CheckedRun['faults'] {
  const history = new MadeHistory();
  for (const name of names) history.begin(name.replace('!', ''), {});
  return history.faults.map((fault, at) => ({
    ...fault,
    tookEffect: names[at]?.startsWith('!') !== true,
  }));
}

const uninjected = [
  { family: 'partition', variant: null, outcome: 'not-reached', reason: 'no turn' },
] as const;

describe('the faults of a run', () => {
  it('are none when none were asked for, and what that leaves unseen is said', () => {
    const result = judge({ nemesis: [] });
    expect(result).toMatchObject({ valid: true, blind: ['behaviour under faults'] });
    expect(result.summary).toContain('--nemesis none');
  });

  it('are counted by family, with those that had no effect', () => {
    const made = faultsOf('kill', 'partition', 'kill', '!partition');
    const result = judge({ nemesis: ['partition', 'kill'], faults: made });
    expect(result).toMatchObject({
      valid: true,
      blind: ['what a fault did beyond what was read back of it'],
    });
    expect(result.summary).toBe('took effect: 1 partition, 2 kill, 1 without effect');
    expect(result.details).toMatchObject({ begun: 4, tookEffect: 3 });
    const all = judge({ nemesis: ['kill'], faults: faultsOf('kill') });
    expect(all.summary).toBe('took effect: 1 kill');
  });

  it('leave a run unknown when a family was asked for and none of it was begun', () => {
    const result = judge({ nemesis: ['partition'], uninjected });
    expect(result.valid).toBe('unknown');
    expect(result.summary).toBe(
      'vacuous: faults were asked for and did not happen (partition: its turn did not come; give ' +
        'it more time, or fewer operations between two faults)',
    );
  });

  it('say which fault left another no turn, for it lasted to the end of the workload', () => {
    const nemesis = ['kill', 'partition'];
    const lasting = new MadeHistory()
      .times(3)
      .begin('kill', { down: ['n1'] })
      .times(9);
    const before = lasting.run({ nemesis, uninjected });
    const words =
      '(partition: no turn came, for the kill n1 (from index 6 on) lasted to the end of the ' +
      'workload; give it more time)';
    expect(judge(before).summary).toContain(words);
    const healed = lasting.end('kill');
    const beganAt = healed.ops.length;
    const recovery = { problem: null, finalOperations: 3, beganAt };
    const after = healed.times(3).run({ nemesis, uninjected, recovery });
    expect(judge(after).summary).toContain(words);
    const gone = new MadeHistory().begin('kill', {}).end('kill').times(3);
    expect(judge(gone.run({ nemesis, uninjected })).summary).toContain('its turn did not come');
  });

  it('leave a run unknown when one family had no effect, whatever the other did', () => {
    const made = faultsOf('kill', '!partition', '!partition');
    const result = judge({ nemesis: ['partition', 'kill'], faults: made });
    expect(result.valid).toBe('unknown');
    expect(result.summary).toContain('(partition: none that was begun took effect)');
    expect(result.summary).not.toContain('kill');
    expect(judge({ nemesis: ['kill'], faults: made }).valid).toBe(true);
  });

  it('are not all known when the run broke off', () => {
    const { blind } = judge({ nemesis: ['kill'], faults: faultsOf('kill'), brokeOff: 'a socket' });
    expect(blind).toContain('faults that were under way when the run broke off');
  });
});
