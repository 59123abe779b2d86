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
    ...(names[at]?.startsWith('!') === true
      ? { tookEffect: false, outcome: 'failed', reason: 'nothing ran into it' }
      : {}),
  }));
}

const uninjected = [
  { family: 'partition', variant: null, outcome: 'not-reached', reason: 'no turn' },
] as const;

const skipped = [
  { family: 'power', variant: 'one', outcome: 'skipped', reason: 'no loop devices' },
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
    expect(result.summary).toBe(
      'took effect: 1 partition, 2 kill; not injected: partition failed (nothing ran into it)',
    );
    expect(result.details).toMatchObject({
      ...{ begun: 4, tookEffect: 3 },
      outcomes: { injected: 3, failed: 1, skipped: 0, 'not-reached': 0 },
    });
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

  it('say for what a script waited, where more time may be of no use', () => {
    const reason = 'f.yaml:7: the run ended while it waited for lag n3 5 entries';
    const waited = { family: 'partition', variant: null, outcome: 'not-reached', reason } as const;
    const { summary } = judge({ nemesis: ['partition'], uninjected: [waited] });
    expect(summary).toContain(`(partition: not reached, ${reason})`);
    expect(summary).not.toContain('more time');
  });

  it('leave a run unknown when one family had no effect, whatever the other did', () => {
    const made = faultsOf('kill', '!partition', '!partition');
    const result = judge({ nemesis: ['partition', 'kill'], faults: made });
    expect(result.valid).toBe('unknown');
    expect(result.summary).toContain(
      '(partition: none that was begun took effect (nothing ran into it))',
    );
    expect(result.summary).not.toContain('kill');
    expect(judge({ nemesis: ['kill'], faults: made }).valid).toBe(true);
  });

  it('need only one with an effect, where chance or a script chose among many', () => {
    const nemesis = ['partition', 'kill', 'power'];
    const chosen = { nemesis, eachFamilyCounts: false };
    const some = judge({ ...chosen, faults: faultsOf('kill', '!partition') });
    expect(some.valid).toBe(true);
    expect(some.summary).toContain('took effect: 1 kill; not injected: partition failed');
    const none = judge({ ...chosen, faults: faultsOf('!kill'), uninjected: skipped });
    expect(none.valid).toBe('unknown');
    expect(none.summary).toBe(
      'vacuous: faults were asked for and did not happen (partition: none was begun; kill: none ' +
        'that was begun took effect (nothing ran into it); power: skipped, no loop devices)',
    );
  });

  it('all count with --require-all-faults: skipped, not reached and failed ones', () => {
    const required = { nemesis: ['kill'], requireAllFaults: true };
    expect(judge({ ...required, faults: faultsOf('kill', 'kill') }).valid).toBe(true);
    for (const missing of [
      { faults: faultsOf('kill', '!kill') },
      { faults: faultsOf('kill'), uninjected: skipped },
      { faults: faultsOf('kill'), uninjected: [{ ...uninjected[0], family: 'kill' }] },
    ]) {
      expect(judge({ ...required, ...missing }).valid).toBe('unknown');
      expect(judge({ ...required, ...missing, requireAllFaults: false }).valid).toBe(true);
    }
    const { summary } = judge({ ...required, faults: faultsOf('kill'), uninjected: skipped });
    expect(summary).toBe(
      '--require-all-faults: not injected were power:one skipped (no loop devices)',
    );
  });

  it('are told together where they are alike, and not all of them in the summary', () => {
    const alike = Array.from({ length: 3 }, () => skipped).flat();
    const kinds = ['a', 'b', 'c', 'd'].map((variant) => ({ ...skipped[0], variant }));
    const made = { nemesis: ['kill'], faults: faultsOf('kill') };
    const { summary, details } = judge({ ...made, uninjected: [...alike, ...kinds] });
    expect(summary).toContain('power:one skipped 3 times (no loop devices), power:a skipped (');
    expect(summary).toMatch(/, 1 more$/);
    expect(details['notInjected']).toHaveLength(5);
  });

  it('are not all known when the run broke off', () => {
    const { blind } = judge({ nemesis: ['kill'], faults: faultsOf('kill'), brokeOff: 'a socket' });
    expect(blind).toContain('faults that were under way when the run broke off');
  });
});
