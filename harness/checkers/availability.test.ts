import { describe, expect, it } from 'vitest';
import type { CheckedRun, CheckerResult } from '../checker.ts';
import { availability } from './availability.ts';
import { cutBetween, MadeHistory } from './made-run.ts';

const judge = (history: MadeHistory, parts: Partial<CheckedRun> = {}): CheckerResult =>
  availability.check(history.run(parts)) as CheckerResult;

const bound = { availabilityMin: 0.9 };
const lost = { end: 'fail', code: 'NOLEADER' } as const;
const minority = { cut: cutBetween(['n1', 'n2'], ['n3', 'n4', 'n5']) };

interface Figures {
  readonly [name: string]: unknown;
}

const listOf = (result: CheckerResult, name: string): readonly Figures[] =>
  result.details[name] as readonly Figures[];

const phase = (result: CheckerResult, name: string): Figures | undefined =>
  listOf(result, 'phases').find((each) => each['phase'] === name);

const dutiesOf = (history: MadeHistory): unknown => judge(history).details['duties'];

describe('the phases of a run', () => {
  it('are before, during, after until the first success, and between faults', () => {
    const history = new MadeHistory().times(2);
    history
      .begin('kill', { down: ['n5'] })
      .times(3, lost)
      .times(1)
      .end('kill');
    history.times(4, lost).times(1).times(5).times(6, { end: 'info' });
    const result = judge(history.invoke({ process: 7 }));
    expect(phase(result, 'before')).toMatchObject({ operations: 2, ok: 2, share: 1 });
    expect(phase(result, 'during')).toMatchObject({ operations: 4, ok: 1, failed: 3, share: 0.25 });
    expect(phase(result, 'after')).toMatchObject({ operations: 5, ok: 1, failed: 4, share: 0.2 });
    expect(phase(result, 'healthy')).toMatchObject({ operations: 11, ok: 5, unknown: 6 });
  });

  it('count an operation once, and in every fault that it met', () => {
    const history = new MadeHistory().begin('kill', {}).begin('partition', {}).times(2, lost);
    history.end('kill').times(1, lost).end('partition').times(1);
    const result = judge(history);
    expect(phase(result, 'during')).toMatchObject({ operations: 3 });
    expect(phase(result, 'after')).toMatchObject({ operations: 1 });
    expect(listOf(result, 'faults')).toMatchObject([
      { family: 'kill', begin: 0, during: { operations: 2 }, after: { operations: 2 } },
      { family: 'partition', begin: 1, during: { operations: 3 }, after: { operations: 1 } },
    ]);
  });

  it('are one where no fault was asked for', () => {
    const result = judge(new MadeHistory().times(3));
    expect(result.summary).toBe(
      '100 % of 2 operations at nodes that should have served were served; no bound was stated',
    );
    expect(phase(result, 'before')).toMatchObject({ operations: 3 });
    expect(result.details['faults']).toEqual([]);
  });

  it('leave out the final operations, but not the success that ends a healing', () => {
    const history = new MadeHistory()
      .times(2)
      .begin('kill', { down: ['n5'] })
      .end('kill');
    const beganAt = history.ops.length;
    history.wait(70).times(3);
    const recovery = { problem: null, finalOperations: 3, beganAt };
    const result = judge(history, { recovery });
    expect(phase(result, 'after')).toMatchObject({ operations: 0 });
    expect(listOf(result, 'faults')).toMatchObject([{ firstSuccessMs: 72 }]);
    expect(result.blind).toContain(
      "the final operations and the probe's, 3: no schedule asks them",
    );
  });
});

describe('a healing', () => {
  it('is followed by the time to the first success that was asked for after it', () => {
    const history = new MadeHistory().begin('kill', { down: ['n5'] }).invoke({ process: 1 });
    history.end('kill').complete(1).wait(10).times(1, lost).wait(20).times(1).times(1);
    const result = judge(history);
    expect(listOf(result, 'faults')).toMatchObject([{ firstSuccessMs: 35, end: 2 }]);
    expect(result.summary).toContain(
      'the first success after a healing took 35 ms at most, after the kill n5 (from index 0 on)',
    );
  });

  it('names the slowest of several', () => {
    const history = new MadeHistory()
      .begin('kill', { down: ['n5'] })
      .end('kill')
      .wait(5)
      .times(1);
    history
      .begin('kill', { down: ['n4'] })
      .end('kill')
      .wait(98)
      .times(1);
    history
      .begin('kill', { down: ['n3'] })
      .end('kill')
      .times(1);
    expect(judge(history).summary).toContain('100 ms at most, after the kill n4 (from index 4 on)');
  });

  it('is not timed while another fault was in force, which would explain it', () => {
    const history = new MadeHistory().times(1).begin('kill', { down: ['n5'] });
    history.begin('partition', minority).end('partition').wait(5000).end('kill').times(1);
    const { summary } = judge(history);
    expect(summary).toContain('took 2.0 ms at most, after the kill n5');
    const next = new MadeHistory()
      .times(1)
      .begin('kill', { down: ['n5'] })
      .end('kill');
    next.begin('partition', minority).wait(5000).times(1, { node: 'n3' });
    expect(judge(next).summary).not.toContain('first success');
  });

  it('that nothing came after is told', () => {
    const history = new MadeHistory()
      .times(1)
      .begin('kill', { down: ['n5'] })
      .end('kill');
    const result = judge(history.times(3, lost));
    expect(listOf(result, 'faults')).toMatchObject([{ firstSuccessMs: null }]);
    expect(result.summary).toContain('after 1 healing nothing succeeded any more');
    const stopped = new MadeHistory().times(2).begin('kill', { down: ['n5'] });
    expect(judge(stopped.end('kill')).summary).not.toContain('nothing succeeded');
  });

  it('is followed by the first answer of each node that it brought back', () => {
    const history = new MadeHistory().times(2).begin('partition', minority).end('partition');
    history
      .times(1)
      .times(1, { ...lost, node: 'n2' })
      .times(1, { node: 'n1' });
    history.times(1, { node: 'n2', end: 'fail', code: 'MOVED' }).times(1, { node: 'n2' });
    expect(listOf(judge(history), 'faults')).toMatchObject([{ backMs: { n1: 2, n2: 8 } }]);
  });

  it('is not followed by an answer to what was asked before it', () => {
    const history = new MadeHistory().times(1).begin('partition', minority).invoke({ process: 1 });
    history.end('partition').complete(1).times(1, { node: 'n2' }).times(1, { node: 'n1' });
    expect(listOf(judge(history), 'faults')).toMatchObject([{ backMs: { n1: 5, n2: 3 } }]);
  });

  it('has not brought back a node that is gone again before it answers', () => {
    const history = new MadeHistory().begin('partition', minority).end('partition');
    history
      .begin('kill', { down: ['n1'] })
      .times(1, { node: 'n2' })
      .times(1, { node: 'n1' });
    expect(listOf(judge(history), 'faults')[0]).toMatchObject({ backMs: { n1: null, n2: 3 } });
  });
});

describe('who must serve', () => {
  it('is everybody from the first success on, and nobody before it', () => {
    const history = new MadeHistory().times(5, lost).times(1).times(7, { node: 'n2' });
    expect(dutiesOf(history)).toEqual({ due: 7, 'catching-up': 6, excused: 0 });
  });

  it('is everybody after ten seconds without a success', () => {
    const history = new MadeHistory().times(2, lost).wait(9_990).times(1, lost).times(5, lost);
    expect(dutiesOf(history)).toEqual({ due: 3, 'catching-up': 5, excused: 0 });
  });

  it('is the majority of a partition, and not the others', () => {
    const history = new MadeHistory().times(1).begin('partition', minority);
    history.times(3, { ...lost, node: 'n1' }).times(4, { node: 'n3' });
    const result = judge(history, bound);
    expect(result.details['duties']).toEqual({ due: 4, 'catching-up': 1, excused: 3 });
    expect(listOf(result, 'faults')).toMatchObject([{ servingGroup: ['n3', 'n4', 'n5'] }]);
    expect(result.blind).toContain('3 operations at nodes that were down or cut off meanwhile');
  });

  it('is not a node that was impaired at any time while the operation was under way', () => {
    const history = new MadeHistory().times(1);
    history
      .invoke({ process: 1, ...lost })
      .begin('partition', minority)
      .complete(1);
    history
      .invoke({ process: 1, ...lost })
      .end('partition')
      .times(1, { node: 'n3' })
      .complete(1);
    history
      .invoke({ process: 1, ...lost })
      .begin('kill', { down: ['n1'] })
      .end('kill');
    history.times(1, { node: 'n3' }).complete(1);
    expect(dutiesOf(history)).toEqual({ due: 2, 'catching-up': 1, excused: 3 });
  });

  it('is a node that had left something unanswered for a second before it was impaired', () => {
    const hang = (waitMs: number, end: 'info' | 'ok'): MadeHistory => {
      const history = new MadeHistory().times(1).invoke({ process: 1, node: 'n1', end });
      return history.wait(waitMs).begin('partition', minority).wait(100).complete(1);
    };
    expect(dutiesOf(hang(1000, 'info'))).toMatchObject({ due: 1, excused: 0 });
    expect(dutiesOf(hang(997, 'info'))).toMatchObject({ due: 0, excused: 1 });
    const again = hang(1000, 'info').end('partition');
    again.times(1, { node: 'n1' }).invoke({ process: 1, node: 'n1', end: 'info' });
    expect(dutiesOf(again.begin('kill', { down: ['n1'] }).complete(1))).toMatchObject({ due: 1 });
    const early = new MadeHistory().times(1).begin('partition', minority);
    early.invoke({ process: 1, node: 'n1', end: 'info' }).wait(2000).end('partition');
    expect(dutiesOf(early.wait(2000).complete(1))).toMatchObject({ due: 0 });
  });

  it('is a node that was there all the time, whatever happened to others', () => {
    const history = new MadeHistory().times(1).invoke({ process: 1, node: 'n3', ...lost });
    history
      .begin('partition', minority)
      .end('partition')
      .begin('kill', { down: ['n2'] });
    expect(dutiesOf(history.complete(1))).toMatchObject({ due: 1, excused: 0 });
  });

  it('is a node that came back from the first success anywhere on', () => {
    const history = new MadeHistory()
      .times(1)
      .begin('kill', { down: ['n5'] })
      .end('kill');
    history.times(2, { ...lost, node: 'n5' }).times(1, { node: 'n1' });
    history.times(3, { ...lost, node: 'n5' });
    const result = judge(history);
    expect(listOf(result, 'nodes')[4]).toMatchObject({ node: 'n5', failed: 3, share: 0 });
    expect(result.details['duties']).toEqual({ due: 4, 'catching-up': 3, excused: 0 });
  });

  it('is not begun by a success that was asked for before the healing', () => {
    const history = new MadeHistory().times(1).begin('kill', { down: ['n5'] });
    history.invoke({ process: 1 }).end('kill').complete(1);
    history.times(4, { ...lost, node: 'n5' });
    expect(dutiesOf(history)).toEqual({ due: 1, 'catching-up': 5, excused: 0 });
  });

  it('is still a node that was there before others came back', () => {
    const history = new MadeHistory()
      .times(1)
      .begin('kill', { down: ['n5'] })
      .end('kill');
    history
      .invoke({ process: 1, ...lost })
      .times(1, { node: 'n2' })
      .complete(1);
    expect(dutiesOf(history)).toEqual({ due: 2, 'catching-up': 1, excused: 0 });
  });

  it('is nobody while less than a majority runs, which is said', () => {
    const history = new MadeHistory().times(1).begin('kill', { down: ['n1', 'n2', 'n3'] });
    const result = judge(history.times(5, lost).times(5, { ...lost, node: 'n5' }), bound);
    expect(result.details['duties']).toMatchObject({ due: 0, excused: 10 });
    expect(result.valid).toBe('unknown');
    expect(result.summary).toBe(
      'nothing was asked of a node that should have served: the bound was not tried',
    );
    expect(result.blind.join()).toContain('what is served during 1 fault in which nobody had to');
  });

  it('is the node that answered, not the one that the client was sent on from', () => {
    const history = new MadeHistory().times(1);
    history.times(30, { ...lost, node: 'n2', answeredBy: 'n1' }).times(25, { node: 'n2' });
    const nodes = listOf(judge(history), 'nodes');
    expect(nodes[0]).toMatchObject({ node: 'n1', failed: 30, share: 0 });
    expect(nodes[1]).toMatchObject({ node: 'n2', ok: 25, share: 1 });
  });
});

describe('a bound on the availability', () => {
  const mostly = (): MadeHistory => new MadeHistory().times(1).times(95).times(5, lost);

  it('is not there unless it is stated: then nothing is broken', () => {
    expect(judge(new MadeHistory().times(3, lost)).valid).toBe(true);
    expect(judge(mostly().times(99, lost)).valid).toBe(true);
  });

  it('is kept by a share that reaches it', () => {
    const result = judge(mostly(), { availabilityMin: 0.95 });
    expect(result.valid).toBe(true);
    expect(result.summary).toBe(
      '95 % of 100 operations at nodes that should have served were served (the least at n1, ' +
        '95 %), where 95 % was asked for',
    );
  });

  it('is broken by a share below it, shown as below it', () => {
    const result = judge(mostly(), { availabilityMin: 0.951 });
    expect(result.valid).toBe(false);
    expect(result.summary).toBe(
      'less than 95.1 % was served: n1 served 95 of 100 operations that it should have served ' +
        '(95 %), and lost 5 without any fault; 95 % of 100 operations at nodes that should have ' +
        'served were served',
    );
  });

  it('is told as it was stated, and so is what falls short of it', () => {
    const history = new MadeHistory().times(1).times(19_990).times(10, lost);
    const result = judge(history, { availabilityMin: 0.9999 });
    expect(result.valid).toBe(false);
    expect(result.summary).toContain('less than 99.99 % was served: n1 served 19990 of 20,000');
    expect(result.summary).toContain('(99.95 %), and lost 10 without any fault; 99.95 % of');
    const reached = judge(history, { availabilityMin: 0.9995 });
    expect(reached.valid).toBe(true);
    expect(reached.summary).toContain('at n1, 99.95 %), where 99.95 % was asked for');
    const close = judge(history, { availabilityMin: 0.99951 });
    expect(close.summary).toContain('less than 99.951 % was served');
    expect(judge(mostly(), { availabilityMin: 0.57 }).summary).toContain('where 57 % was asked');
  });

  it('counts what was not served as often as its client should have asked meanwhile', () => {
    const history = new MadeHistory().times(1).times(90, { node: 'n3' });
    history.invoke({ process: 1, node: 'n3', end: 'info' }).wait(1999).complete(1);
    history.invoke({ process: 1, node: 'n3' }).wait(1999).complete(1);
    const scheduled = { rate: 100, concurrency: 2, availabilityMin: 0.6 };
    const result = judge(history, scheduled);
    expect(listOf(result, 'nodes')[2]).toMatchObject({ node: 'n3', ok: 91, unknown: 100 });
    expect(result.valid).toBe(false);
    expect(result.summary).toContain('n3 served 91 of 191 operations that it should have served');
    expect(result.summary).toContain('; 99 of these were never asked, for their clients waited');
    expect(result.details['due']).toMatchObject({ heldBack: 99 });
    expect(result.blind.join()).not.toContain('operations that clients had no time to ask');
    const unscheduled = judge(history, { ...scheduled, rate: null });
    expect(unscheduled.valid).toBe(true);
    expect(unscheduled.blind.join()).toContain('operations that clients had no time to ask');
  });

  it('is broken by one node that should have served, when all together reach it', () => {
    const history = new MadeHistory().times(1000, { node: 'n1' });
    history.begin('partition', minority).times(20, { node: 'n4' });
    history
      .times(25, { ...lost, node: 'n4' })
      .end('partition')
      .times(5, { ...lost, node: 'n4' });
    const result = judge(history, bound);
    expect(result.valid).toBe(false);
    expect(result.summary).toContain(
      'n4 served 20 of 50 operations that it should have served (40 %), and lost 25 during the ' +
        'partition n1 n3 n4 n5 n2 (from index 2000 on); 97.1 % of',
    );
  });

  it('is not broken by the minority, which need not serve', () => {
    const history = new MadeHistory().times(50, { node: 'n3' }).begin('partition', minority);
    history.times(99, { ...lost, node: 'n1' }).times(50, { node: 'n3' });
    expect(judge(history, bound).valid).toBe(true);
  });

  it('takes a lock that is held for an answer, and a node that names another for serving', () => {
    const history = new MadeHistory().times(11).times(90, { end: 'fail', code: 'held' });
    history.times(500, { end: 'fail', code: 'MOVED' });
    const result = judge(history, bound);
    expect(result.valid).toBe(true);
    expect(result.summary).toContain('100 % of 600 operations');
    expect(result.blind.join()).toContain('what became of 500 operations that were told to ask');
  });

  it('is broken where those who go where they are sent get nowhere', () => {
    const history = new MadeHistory().times(1, { node: 'n2', answeredBy: 'n1' }).times(1);
    const nowhere = { end: 'fail', code: 'MOVED', node: 'n2' } as const;
    history.times(30, { ...nowhere, process: 5 }).times(60, { ...nowhere, process: 6 });
    const { valid, summary } = judge(history, { ...bound, concurrency: 5 });
    expect(valid).toBe(false);
    expect(summary).toContain('n2 served 60 of 90 operations');
  });

  it('is not held against a single node that was hardly asked, which is said', () => {
    const history = new MadeHistory().times(1000).times(19, { ...lost, node: 'n2' });
    const result = judge(history, bound);
    expect(result.valid).toBe(true);
    expect(result.blind.join()).toContain('the share of n2, n3, n4 and n5 alone: fewer than 20');
    expect(judge(history.times(1, { ...lost, node: 'n2' }), bound).valid).toBe(false);
  });

  it('counts what hangs as not served, and says what clients could not ask meanwhile', () => {
    const history = new MadeHistory().times(50).times(50, { end: 'info', code: 'timeout' });
    const result = judge(history, bound);
    expect(result.valid).toBe(false);
    expect(result.blind.join()).toContain('no time to ask while they waited');
  });

  it('is unknown for a run that broke off, and so is all else', () => {
    const result = judge(mostly(), { ...bound, brokeOff: 'a socket', recovery: null });
    expect(result).toMatchObject({ valid: 'unknown', blind: ['the availability'] });
  });
});

describe('a node that was not there though nobody had taken it away', () => {
  it('counts as one that should have served', () => {
    const unexpectedExits = [{ node: 'n2', reason: 'it ended with exit code 255' }];
    const history = new MadeHistory().times(100).times(30, { ...lost, node: 'n2' });
    const result = judge(history, { ...bound, unexpectedExits });
    expect(result.valid).toBe(false);
    expect(result.blind.join()).toContain('when n2 had ended by itself');
  });

  it('counts so after a healing that did not bring it back', () => {
    const history = new MadeHistory().times(100);
    const recovery = { problem: 'n2 did not start', finalOperations: 0, beganAt: 10 ** 6 };
    const { blind } = judge(history, { recovery });
    expect(blind.join()).toContain('nodes that did not come back after a healing');
    expect(judge(history).blind.join()).not.toContain('did not come back');
  });
});
