import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RunFault } from '../checker.ts';
import { FaultTimeline, intervalsOf } from './fault-timeline.ts';
import { MadeHistory } from './made-run.ts';
import { operationsOf } from './operations.ts';

/** For each operation, by its invocation: `during` and `after` which faults, in their order. */
function metOf(history: MadeHistory): Map<number, string> {
  const timeline = new FaultTimeline<RunFault>(history.faults);
  const met = new Map<number, string>();
  for (const { invoked, completed } of operationsOf(history.ops)) {
    if (completed === null) continue;
    timeline.advance(completed.index);
    const { during, after } = timeline.met(invoked.index);
    const names = (faults: readonly { readonly position: number }[]): string =>
      faults
        .map(({ position }) => position)
        .sort((a, b) => a - b)
        .join(' ');
    met.set(invoked.index, `${names(during)}|${names(after)}`);
    if (completed.type === 'ok') timeline.succeeded(invoked.index, completed);
  }
  return met;
}

const bad = { end: 'fail' } as const;

describe('what an operation has met', () => {
  it('is nothing before a fault, the fault itself, and its healing until the first success', () => {
    const history = new MadeHistory();
    history.times(1).begin('kill', {}).times(1, bad).end('kill').times(1, bad).times(2);
    expect([...metOf(history).values()]).toEqual(['|', '0|', '|0', '|0', '|']);
  });

  it('is a fault that begins or ends while it is under way', () => {
    const history = new MadeHistory();
    history.invoke().invoke({ process: 1 }).begin('kill', {}).complete();
    history.invoke({ process: 2 }).end('kill').complete(1).complete(2);
    expect([...metOf(history).values()]).toEqual(['0|', '0|', '0|']);
  });

  it('is every fault that was in force meanwhile', () => {
    const history = new MadeHistory();
    history.begin('kill', {}).begin('partition', {}).times(1).end('kill').times(1);
    history.invoke().end('partition').begin('kill', {}).complete();
    expect([...metOf(history).values()]).toEqual(['0 1|', '1|0', '1 2|']);
  });

  it('is a fault without an end until the end', () => {
    const history = new MadeHistory().times(1).begin('kill', {}).times(2);
    expect([...metOf(history).values()]).toEqual(['|', '0|', '0|']);
  });

  it('is not healed by a success that was asked for before the healing', () => {
    const history = new MadeHistory().begin('kill', {}).invoke({ process: 1 }).end('kill');
    history.complete(1).times(1, bad);
    expect([...metOf(history).values()]).toEqual(['0|', '|0']);
  });

  it('is a healing for whoever asked before the first success, whenever it is answered', () => {
    const history = new MadeHistory().begin('kill', {}).end('kill').invoke({ process: 1 });
    history.times(1).complete(1).times(1);
    expect(metOf(history)).toEqual(
      new Map([
        [2, '|0'],
        [3, '|0'],
        [6, '|'],
      ]),
    );
  });

  it('is what a plain search finds, however faults and operations overlap', () => {
    const step = fc.tuple(fc.constantFrom('op', 'kill', 'partition'), fc.nat(1), fc.boolean());
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
        const history = madeOf(steps);
        expect(metOf(history)).toEqual(bySearch(history));
      }),
      { numRuns: 500, seed: 1 },
    );
  });
});

function madeOf(steps: readonly (readonly [string, number, boolean])[]): MadeHistory {
  const history = new MadeHistory();
  const open = new Set<string | number>();
  for (const [what, process, isGood] of steps) {
    const id = what === 'op' ? process : what;
    const isOpen = open.delete(id);
    if (!isOpen) open.add(id);
    if (what === 'op') {
      if (isOpen) history.complete(process);
      else history.invoke({ process, end: isGood ? 'ok' : 'fail' });
    } else if (isOpen) history.end(what);
    else history.begin(what, {});
  }
  return history;
}

function bySearch({ ops, faults }: MadeHistory): Map<number, string> {
  const operations = [...operationsOf(ops)];
  const firstSuccess = (end: number): number =>
    operations.find(({ invoked, completed }) => invoked.index > end && completed?.type === 'ok')
      ?.completed?.index ?? Number.POSITIVE_INFINITY;
  const met = new Map<number, string>();
  for (const { invoked, completed } of operations) {
    if (completed === null) continue;
    const during: number[] = [];
    const after: number[] = [];
    faults.forEach(({ begin, end }, position) => {
      const endIndex = end?.index ?? Number.POSITIVE_INFINITY;
      if (begin.index > completed.index) return;
      if (endIndex > invoked.index) during.push(position);
      else if (firstSuccess(endIndex) > invoked.index) after.push(position);
    });
    met.set(invoked.index, `${during.join(' ')}|${after.join(' ')}`);
  }
  return met;
}

describe('the faults of a run that broke off', () => {
  it('are read from the lines of the nemesis', () => {
    const history = new MadeHistory().begin('kill', {}).begin('partition', {}).times(1).end('kill');
    const intervals = intervalsOf(history.ops).map(({ begin, end }) => [begin.index, end?.index]);
    expect(intervals).toEqual([
      [0, 4],
      [1, undefined],
    ]);
  });
});
