import { describe, expect, it } from 'vitest';
import type { CheckedRun, CheckerResult } from '../checker.ts';
import { recoveryKey } from '../run/recovery.ts';
import { MadeHistory } from './made-run.ts';
import { stats } from './stats.ts';

const judge = (history: MadeHistory, parts: Partial<CheckedRun> = {}): CheckerResult =>
  stats.check(history.run(parts)) as CheckerResult;

const size = { keyCount: 5, opsPerKey: 4, unknownPerKey: 2, notes: ['so that it ends'] };
const bad = { end: 'fail', code: 'NOLEADER' } as const;

describe('the stats of a run', () => {
  it('count operations by function and outcome, those without an end as unknown', () => {
    const history = new MadeHistory();
    history
      .times(3)
      .times(2, { ...bad, f: 'write' })
      .times(1, { end: 'info' });
    history.times(4, { end: 'fail', code: 'held' }).times(5, { end: 'fail', code: 'MOVED' });
    history.invoke();
    const { details, summary } = judge(history);
    const none = { ok: 0, answered: 0, redirected: 0, failed: 0, unknown: 0 };
    expect(details['byF']).toEqual([
      { ...none, f: 'read', ok: 3, answered: 4, redirected: 5, unknown: 2 },
      { ...none, f: 'write', failed: 2 },
    ]);
    expect(details['total']).toEqual({ ok: 3, answered: 4, redirected: 5, failed: 2, unknown: 2 });
    expect(summary).toContain('16 operations in all');
  });

  it('are unknown when a function never succeeded, and name it', () => {
    const workload = { name: 'w', object: 'o', fs: ['read', 'write', 'cas'], model: 'm' };
    const { valid, summary } = judge(new MadeHistory().times(3), { workload });
    expect(valid).toBe('unknown');
    expect(summary).toBe(
      'the run tested too little: no write and no cas has succeeded; ' +
        '100 % of 2 operations succeeded while the cluster was healthy; 3 operations in all',
    );
    expect(judge(new MadeHistory().times(3)).valid).toBe(true);
  });

  it('are unknown when next to nothing succeeded in all, however healthy the rest', () => {
    const history = new MadeHistory().times(2).begin('kill', {}).times(148, bad).end('kill');
    const fine = judge(history.times(1).times(1));
    expect(fine).toMatchObject({ valid: true, details: { workload: { ok: 4, shareMin: 0.02 } } });
    expect(fine.blind).toEqual([
      'what most operations would have shown: 97.3 % of them met an outage and came to nothing',
    ]);
    const poor = judge(history.begin('kill', {}).times(60, bad));
    expect(poor.valid).toBe('unknown');
    expect(poor.summary).toBe(
      'the run tested too little: 100 % of 2 operations succeeded while the cluster was healthy; ' +
        'only 1.8 % of all 212 operations of the workload succeeded; the commonest answer to ' +
        'read, 208 times: "NOLEADER"; 212 operations in all',
    );
    const even = judge(new MadeHistory().times(2).begin('kill', {}).times(2, bad));
    expect(even.blind).toEqual([]);
  });

  it('say what a function that never succeeded was told most often', () => {
    const workload = { name: 'w', object: 'o', fs: ['read', 'add'], model: 'm' };
    const refused = { ...bad, f: 'add', code: 'ERR', message: 'wrong number of arguments' };
    const history = new MadeHistory()
      .times(9)
      .times(2, { ...bad, f: 'add' })
      .times(3, refused);
    history.times(9, bad);
    expect(judge(history, { workload }).summary).toContain(
      'no add has succeeded; 36.3 % of 22 operations succeeded while the cluster was healthy; ' +
        'the commonest answer to add, 3 times: "ERR wrong number of arguments"; ',
    );
    const probed = history.times(1, { f: 'add', key: recoveryKey });
    expect(judge(probed, { workload }).summary).toContain(
      "no add has succeeded (the probe's do not count); ",
    );
  });

  it("do not take the probes of the recovery for the workload's successes", () => {
    const history = new MadeHistory().times(3, { ...bad, key: '0' }).times(9, { key: recoveryKey });
    expect(judge(history).valid).toBe('unknown');
    expect(judge(history.times(1, { key: '0' })).valid).toBe(true);
  });

  it('are unknown when fewer than a fifth succeed while nothing is broken', () => {
    const poor = new MadeHistory().times(1).times(17, bad).times(4);
    expect(judge(poor)).toMatchObject({
      valid: 'unknown',
      details: { healthy: { share: 4 / 21 } },
    });
    expect(judge(poor).summary).toContain('only 19 % of 21 operations succeeded');
    expect(judge(new MadeHistory().times(1).times(16, { end: 'info' }).times(4)).valid).toBe(true);
    expect(judge(new MadeHistory()).valid).toBe('unknown');
  });

  it('take a lock that is held for a success, and a node that names another for none', () => {
    const held = new MadeHistory().times(1).times(9, { end: 'fail', code: 'held' });
    expect(judge(held)).toMatchObject({ valid: true });
    expect(judge(held).summary).toContain('100 % of 9 operations succeeded');
    expect(judge(held).summary).toContain('(9 of them were told no, as by a lock that is held)');
    const moved = new MadeHistory().times(2).times(9, { end: 'fail', code: 'MOVED' });
    expect(judge(moved).summary).toContain('100 % of 1 operation succeeded');
    expect(judge(moved).summary).toContain('(9 more were told to ask another node)');
    expect(judge(moved.times(5, bad)).valid).toBe('unknown');
    const only = judge(new MadeHistory().times(9, { end: 'fail', code: 'MOVED' }));
    expect(only.valid).toBe('unknown');
    expect(only.summary).toContain('nothing was asked of a node that did not name another one');
  });

  it('hold nothing against the cluster that met a fault or came before it was back', () => {
    const history = new MadeHistory().times(2).begin('kill', {}).times(20, bad).end('kill');
    history.times(20, bad).times(1).times(2);
    expect(judge(history)).toMatchObject({
      valid: true,
      details: { healthy: { ok: 3, failed: 0 } },
    });
    history.times(20, bad);
    expect(judge(history)).toMatchObject({
      valid: 'unknown',
      details: { healthy: { failed: 20 } },
    });
  });

  it('hold nothing against a cluster that has not begun to serve, for ten seconds', () => {
    const history = new MadeHistory().times(50, bad).times(1).times(1);
    expect(judge(history)).toMatchObject({
      valid: true,
      details: { healthy: { ok: 1, failed: 0 } },
    });
    expect(judge(history).blind).toEqual([
      'the start: 50 operations that came to nothing before the first success',
    ]);
    const late = new MadeHistory().times(50, bad).wait(9_890).times(10, bad).times(1);
    expect(judge(late)).toMatchObject({ valid: 'unknown', details: { healthy: { failed: 5 } } });
    const never = judge(new MadeHistory().times(5, bad));
    expect(never.valid).toBe('unknown');
    expect(never.summary).toContain(
      'only 0 % of 5 operations succeeded at all, and none was asked',
    );
  });

  it('take all operations when the cluster was never healthy', () => {
    const history = new MadeHistory().begin('kill', {}).times(4, bad).times(1);
    expect(judge(history).valid).toBe(true);
    expect(judge(history).summary).toContain(
      '20 % of 5 operations succeeded at all, and none was asked for while the cluster was healthy',
    );
    expect(judge(history.times(1, bad)).valid).toBe('unknown');
    expect(judge(new MadeHistory()).summary).toContain(
      'too little: no read has succeeded; nothing',
    );
  });

  it('do not make a run look better by its final operations', () => {
    const history = new MadeHistory().times(2).times(9, bad);
    const beganAt = history.ops.length;
    const recovery = { problem: null, finalOperations: 99, beganAt };
    expect(judge(history.times(99), { recovery })).toMatchObject({
      valid: 'unknown',
      details: { healthy: { ok: 1, failed: 9 }, total: { ok: 101 } },
    });
  });

  it('know of the faults of a run that broke off by their lines', () => {
    const history = new MadeHistory().times(2).begin('kill', {}).times(20, bad);
    const result = judge(history, { faults: [], brokeOff: 'a socket', recovery: null });
    expect(result).toMatchObject({ valid: true, details: { healthy: { ok: 1, failed: 0 } } });
    expect(result.blind).toContain('what would have been asked after the run broke off');
  });
});

describe('the keys of a run', () => {
  it('are counted, and those that were given up early are named', () => {
    const history = new MadeHistory().times(4, { key: '0' });
    history.times(1, { key: '1', end: 'info' }).times(2, { key: '1' });
    history.times(1, { key: '1', end: 'info' });
    history.times(1, { key: '2' }).times(2, { key: '2', end: 'info' });
    const { summary, details, blind } = judge(history, { size });
    expect(summary).toContain('11 operations on 3 keys in all; 1 of these given up early');
    expect(details['keys']).toEqual({ used: 3, givenUpEarly: 1, ...size });
    expect(blind).toEqual([
      'longer histories of 1 key: after 2 operations of unknown outcome another key took its ' +
        'place, to keep the check quick',
    ]);
  });

  it('are told apart from that of the probe, which the check has too', () => {
    const history = new MadeHistory().times(2, { key: '0' });
    const beganAt = history.ops.length;
    history.times(1, { key: recoveryKey }).times(2, { key: '0' });
    const recovery = { problem: null, finalOperations: 3, beganAt };
    const { summary, details } = judge(history, { size, recovery });
    expect(summary).toContain("5 operations on 1 key and the probe's in all");
    expect(details['keys']).toMatchObject({ used: 1 });
  });

  it('are those of the workload, not of the final operations', () => {
    const history = new MadeHistory().times(2, { key: '0' });
    const beganAt = history.ops.length;
    history.times(2, { key: '0', end: 'info' }).times(2, { key: '9' });
    const recovery = { problem: null, finalOperations: 2, beganAt };
    const { keys } = judge(history, { size, recovery }).details as { readonly keys: object };
    expect(keys).toMatchObject({ used: 1, givenUpEarly: 0 });
  });

  it('are never given up where any number of unknown outcomes is welcome', () => {
    const history = new MadeHistory().times(1).times(3, { key: '0', end: 'info' });
    const keys = judge(history, { size: { ...size, unknownPerKey: null } }).details['keys'];
    expect(keys).toMatchObject({ used: 1, givenUpEarly: 0 });
  });
});

describe('the schedule of a run', () => {
  it('is not spoken of where there is none', () => {
    const late = new MadeHistory().wait(500).times(1, { scheduledMs: 100 });
    expect(judge(late).summary).not.toContain('schedule');
    expect(judge(new MadeHistory().times(2), { rate: 100 }).summary).not.toContain('schedule');
  });

  it('lags by as much as the latest operation was late', () => {
    const history = new MadeHistory().wait(500).times(1, { scheduledMs: 100 });
    history.times(1, { scheduledMs: 303 }).times(1, { scheduledMs: 504 });
    const { summary, details, blind } = judge(history, { rate: 100 });
    expect(summary).toContain('2 operations came behind the schedule of 100/s, by 0.40 s at most');
    expect(details['schedule']).toMatchObject({ lateCount: 2, maxLagNs: 401e6, neverAskedFor: 0 });
    expect(blind).toEqual([]);
  });

  it('says how much was never asked for, when every client hung to the end', () => {
    const hung = new MadeHistory().times(100).wait(299);
    hung.invoke({ process: 1 }).invoke({ scheduledMs: 490 }).wait(8000);
    const parts = { rate: 500, concurrency: 2, timeLimitS: 8 };
    const ended = judge(hung.complete(0).complete(1), parts);
    expect(ended.details['schedule']).toMatchObject({ neverAskedFor: 3755 });
    expect(ended.summary).toContain(
      'about 3,755 operations of the schedule of 500/s never came: what was due in the last ' +
        '7.51 s found no client free',
    );
    expect(ended.blind).toEqual([
      'what the schedule wanted at the end and no client did: 3,755 or so',
    ]);
    const open = new MadeHistory().times(1).invoke({ process: 1 }).invoke();
    expect(judge(open, parts).details['schedule']).toMatchObject({ neverAskedFor: 3998 });
  });

  it('says so too when the last operation came late, whoever was free then', () => {
    const parts = { rate: 500, concurrency: 2, timeLimitS: 8 };
    const behind = new MadeHistory().times(1).wait(7900).times(1, { scheduledMs: 3001 });
    expect(judge(behind, parts).details['schedule']).toMatchObject({ neverAskedFor: 2500 });
    // It ended by itself, long before the time was up.
    const ended = new MadeHistory().times(1).wait(4000).times(1, { scheduledMs: 3001 });
    expect(judge(ended, parts).details['schedule']).toMatchObject({ neverAskedFor: 0 });
    const late = new MadeHistory().times(1).wait(7900).times(1, { scheduledMs: 7900 });
    expect(judge(late, parts).details['schedule']).toMatchObject({ neverAskedFor: 0 });
  });

  it('was kept when a client was free, had asked for all, or asks for what is final', () => {
    const parts = { rate: 500, concurrency: 2, timeLimitS: 8 };
    const never = (history: MadeHistory, more: Partial<CheckedRun> = {}): unknown =>
      (judge(history, { ...parts, ...more }).details['schedule'] as { neverAskedFor: number })
        .neverAskedFor;
    const both = (): MadeHistory => new MadeHistory().invoke({ process: 1 }).invoke().wait(100);
    expect(never(both().complete(0).wait(9000).complete(1))).toBe(0);
    expect(never(new MadeHistory().times(9).invoke().wait(9000).complete())).toBe(0);
    expect(never(both().wait(9000).complete(0).complete(1))).toBeGreaterThan(0);
    expect(never(both().wait(9000).complete(0).complete(1), { opLimit: 2 })).toBe(0);
    const final = both().wait(9000).complete(0).complete(1);
    const recovery = { problem: null, finalOperations: 9, beganAt: final.ops.length };
    expect(never(final.times(9), { recovery })).toBe(3999);
    expect(never(new MadeHistory())).toBe(0);
  });
});
