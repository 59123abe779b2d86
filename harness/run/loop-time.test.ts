/** The run loop against the clock: the schedule of a rate, timers, and when it ends. */
import { describe, expect, it } from 'vitest';
import type { Op } from '../../checker/history.ts';
import { type Generator, limit, nothing, rate, timeLimit } from '../generator.ts';
import { onThreads } from '../generator-parts.ts';
import { statsOf } from '../report/stats.ts';
import { type Answer, driveLoop, ok, type Rig, runLoop, writes } from './loop-rig.ts';

/** The system answers nothing from the first second to the fourth. */
const stalls: Pick<Rig, 'answer' | 'answerMs'> = {
  answer: ok,
  answerMs: (nowMs) => (nowMs >= 1000 && nowMs < 4000 ? 4000 - nowMs : 1),
};

const invocationsOf = (ops: readonly Op[]): readonly Op[] =>
  ops.filter((op) => op.type === 'invoke');

describe('the schedule of a rate', () => {
  const generator = timeLimit(10e9, rate(100, writes()));

  it('is kept by a system that stalls: what fell due meanwhile is asked afterwards', async () => {
    const invoked = invocationsOf(await runLoop({ generator, threads: 2, ...stalls }));
    expect(invoked.length).toBe(1000);
    const late = invoked.filter((op) => op.scheduledNs !== undefined);
    // Two were asked when the stall began, and the backlog is gone within half a second.
    expect(late.length).toBeGreaterThan(290);
    expect(late.length).toBeLessThan(400);
    for (const { timeNs, scheduledNs = Number.NaN } of late) {
      expect(scheduledNs % 10e6).toBe(0);
      expect(scheduledNs).toBeLessThan(timeNs);
      expect(scheduledNs).toBeGreaterThan(1e9);
    }
    expect(late[0]?.scheduledNs).toBe(1.02e9);
    expect(late[0]?.timeNs).toBe(4e9);
  });

  it('shows the stall in the latencies, which are those of two operations else', async () => {
    const ops = await runLoop({ generator, threads: 2, ...stalls });
    const [latency] = statsOf(ops).latencies;
    expect(latency?.maxMs).toBe(3000);
    expect(latency?.p50Ms).toBe(1);
    expect(latency?.p95Ms).toBeGreaterThan(2000);
    const [omitted] = statsOf(ops.map(({ scheduledNs: _, ...op }) => op)).latencies;
    expect(omitted?.p99Ms).toBe(1);
  });

  it('tells no lateness of a client that was free and only woken late', async () => {
    const ops = await runLoop({ generator, threads: 3, answer: ok, timersLateMs: 25 });
    const invoked = invocationsOf(ops);
    expect(invoked.length).toBeGreaterThan(990);
    expect(invoked.some((op) => op.timeNs % 10e6 !== 0)).toBe(true);
    // Of three that were due at once, each found a client that had been free.
    expect(invoked.filter((op) => op.scheduledNs !== undefined)).toEqual([]);
  });

  it('gives what was due to a client that was free then, before one that was busy', async () => {
    // The first is busy from 0 to 25 ms; the timer for 10 ms comes only at 35.
    const ops = await runLoop({
      generator: limit(2, rate(100, writes())),
      threads: 2,
      answer: ok,
      answerMs: (nowMs) => (nowMs === 0 ? 25 : 1),
      timersLateMs: 25,
    });
    const [, second] = invocationsOf(ops);
    expect(second).toMatchObject({ process: 1, timeNs: 25e6 });
    expect(second).not.toHaveProperty('scheduledNs');
  });

  it('counts a thread that may not take the operation as no free client', async () => {
    const own = limit(2, rate(100, writes()));
    const ops = await runLoop({
      generator: onThreads((thread) => thread === 0, own, limit(1, writes(50))),
      threads: 2,
      answer: ok,
      answerMs: () => 25,
    });
    const mine = invocationsOf(ops).filter((op) => op.process === 0);
    expect(mine[1]).toMatchObject({ timeNs: 25e6, scheduledNs: 10e6 });
  });

  it('needs no lateness where nothing is late', async () => {
    const ops = await runLoop({ generator, threads: 2, answer: ok });
    expect(ops.filter((op) => op.scheduledNs !== undefined)).toEqual([]);
  });

  it('does not call late what fell due when its client became free', async () => {
    const generator = limit(20, rate(100, writes()));
    const ops = await runLoop({ generator, threads: 1, answer: ok, answerMs: () => 10 });
    expect(invocationsOf(ops).at(-1)?.timeNs).toBe(190e6);
    expect(ops.filter((op) => op.scheduledNs !== undefined)).toEqual([]);
  });

  it('tells whole nanoseconds, never later than it was due', async () => {
    const generator = limit(20, rate(3000, writes()));
    const ops = await runLoop({ generator, threads: 1, answer: ok });
    const due = ops.flatMap(({ scheduledNs }) => scheduledNs ?? []);
    expect(due).toHaveLength(19);
    expect(due.every(Number.isInteger)).toBe(true);
    expect(due.every((ns, at) => ns <= ((at + 1) * 1e9) / 3000)).toBe(true);
  });
});

/** Nothing until then for this thread. */
const waitUntil = (untilMs: number): Generator => {
  const self: Generator = {
    op: ({ timeNs }) =>
      timeNs < untilMs * 1e6
        ? { type: 'pending', untilNs: untilMs * 1e6, generator: self }
        : { type: 'op', op: { f: 'write', value: untilMs }, generator: nothing },
    update: () => self,
  };
  return self;
};

describe('the timers of the run loop', () => {
  const twoTimes = onThreads((thread) => thread === 0, waitUntil(10), waitUntil(50));

  it('wake it up for the first of several times, and leave none behind', async () => {
    const { ops, timersLeft } = await driveLoop({ generator: twoTimes, threads: 2, answer: ok });
    expect(invocationsOf(ops).map(({ timeNs }) => timeNs / 1e6)).toEqual([10, 50]);
    expect(timersLeft).toBe(0);
  });

  it('are set again when they come too early', async () => {
    const rig: Rig = { generator: waitUntil(10), threads: 1, answer: ok, timersLateMs: -2 };
    const { ops, timersSet } = await driveLoop(rig);
    expect(invocationsOf(ops)[0]?.timeNs).toBe(10e6);
    expect(timersSet).toBeGreaterThan(1);
  });

  it('stay as they are while others work', async () => {
    const others = limit(50, writes());
    const generator = onThreads((thread) => thread === 0, waitUntil(900), others);
    const { ops, timersSet } = await driveLoop({ generator, threads: 2, answer: ok });
    expect(invocationsOf(ops)).toHaveLength(51);
    expect(timersSet).toBe(1);
  });

  it('are set anew for an earlier time, and the later ones go', async () => {
    let untilMs = 9000;
    const earlier: Generator = {
      op: () => ({ type: 'pending', untilNs: untilMs-- * 1e6, generator: earlier }),
      update: () => earlier,
    };
    const generator = onThreads((thread) => thread === 0, earlier, writes());
    const { timersSet, timersLeft } = await driveLoop({
      ...{ generator, threads: 2, answer: ok, shouldStop: () => untilMs < 8990 },
    });
    expect(timersSet).toBeGreaterThan(9);
    expect(timersLeft).toBe(0);
  });

  it('are gone when it failed', async () => {
    const onOp = ({ index }: Op): void => {
      if (index === 4) throw new Error('the disk is full');
    };
    const generator = onThreads((thread) => thread === 0, waitUntil(9000), writes());
    const { error, timersLeft } = await driveLoop({ generator, threads: 2, answer: ok, onOp });
    expect(error).not.toBeNull();
    expect(timersLeft).toBe(0);
  });

  it('are gone when it was stopped', async () => {
    let stop = false;
    const generator = onThreads((thread) => thread === 0, waitUntil(9000), writes());
    const { endedNs, timersLeft, isDone } = await driveLoop({
      ...{ generator, threads: 2, answer: ok, shouldStop: () => stop },
      onOp: ({ index }) => {
        stop = index >= 20;
      },
    });
    expect(endedNs).toBeLessThan(100e6);
    expect(timersLeft).toBe(0);
    expect(isDone).toBe(false);
  });
});

describe('the end of the run loop', () => {
  it('comes when the generator is done, for all threads, after the open operations', async () => {
    let asked = 0;
    const generator: Generator = {
      op: () => {
        asked++;
        if (asked === 2) return { type: 'done' };
        return { type: 'op', op: { f: 'write', value: asked }, generator };
      },
      update: () => generator,
    };
    const { ops, isDone, closed } = await driveLoop({ generator, threads: 3, answer: ok });
    expect(asked).toBe(2);
    expect(isDone).toBe(true);
    expect(closed).toBe(1);
    expect(ops.map(({ type }) => type)).toEqual(['invoke', 'ok']);
  });

  it('waits for no time that a thread was told before the generator was done', async () => {
    let asked = 0;
    const generator: Generator = {
      op: () => {
        asked++;
        return asked === 1 ? { type: 'pending', untilNs: 5e9, generator } : { type: 'done' };
      },
      update: () => generator,
    };
    const { endedNs, timersSet } = await driveLoop({ generator, threads: 3, answer: ok });
    expect(endedNs).toBe(0);
    expect(timersSet).toBe(0);
    expect(asked).toBe(2);
  });

  it('comes when nobody is at work and there is no time to wait for', async () => {
    const never: Generator = {
      op: () => ({ type: 'pending', untilNs: null, generator: never }),
      update: () => never,
    };
    expect(await runLoop({ generator: never, threads: 2, answer: ok })).toEqual([]);
  });

  it('comes at once with what the recorder threw, and nothing is asked any more', async () => {
    const recorded: Op[] = [];
    const onOp = (op: Op): void => {
      recorded.push(op);
      if (recorded.length === 7) throw new Error('the disk is full');
    };
    const { error, closed } = await driveLoop({
      ...{ generator: writes(), threads: 3, answer: ok, onOp },
    });
    expect(error).toEqual(new Error('the disk is full'));
    expect(closed).toBe(3);
    // Two were under way: they stay open.
    expect(recorded).toHaveLength(7);
  });

  it('comes with what a client threw', async () => {
    const answer: Answer = () => {
      throw new RangeError('no such operation');
    };
    await expect(runLoop({ generator: writes(), threads: 1, answer })).rejects.toThrow(RangeError);
  });
});
