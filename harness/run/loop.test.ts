import { describe, expect, it } from 'vitest';
import type { Op } from '../../checker/history.ts';
import type { Client, Completion, Invocation } from '../client.ts';
import { type Generator, limit, rate, stagger, timeLimit } from '../generator.ts';
import { onThreads } from '../generator-parts.ts';
import { statsOf } from '../report/stats.ts';
import { Engine } from '../simulation/engine.ts';
import { planSimulation } from '../simulation/plan.ts';
import { RunLoop } from './loop.ts';
import { createRandomStream } from './random.ts';
import { Recorder } from './recorder.ts';
import type { HarnessTimers } from './timers.ts';

const writes = (value = 1): Generator => ({
  op: () => ({ type: 'op', op: { f: 'write', key: 'k', value }, generator: writes(value + 1) }),
  update: () => writes(value),
});

type Answer = (invocation: Invocation, answer: (completion: Completion) => void) => void;

interface Rig {
  readonly answer: Answer;
  readonly generator: Generator;
  readonly threads: number;
  readonly opened?: string[];
  readonly onOp?: (op: Op) => void;
  readonly shouldStop?: () => boolean;
  /** How long it takes to answer, from the time in milliseconds at which it is asked; else 1. */
  readonly answerMs?: (nowMs: number) => number;
  /** Every timer comes so much too late. */
  readonly timersLateMs?: number;
}

/** Runs a loop on virtual time with a client that answers as told. */
async function runLoop(rig: Rig): Promise<readonly Op[]> {
  const engine = new Engine(planSimulation({ seed: 1, nodes: ['n1'] }));
  const timers: HarnessTimers = {
    nowNs: () => engine.timers.nowNs(),
    after: (delayMs, callback) => engine.timers.after(delayMs + (rig.timersLateMs ?? 0), callback),
  };
  const ops: Op[] = [];
  const sink = (op: Op): void => {
    ops.push(op);
    rig.onOp?.(op);
  };
  const client = (): Client => ({
    open: async (node) => {
      rig.opened?.push(node);
    },
    invoke: (invocation) =>
      new Promise((resolve) => {
        const delayMs = rig.answerMs?.(engine.timers.nowNs() / 1e6) ?? 1;
        rig.answer(invocation, (completion) => {
          engine.timers.after(delayMs, () => resolve(completion));
        });
      }),
    close: () => {},
  });
  const loop = new RunLoop({
    generator: rig.generator,
    threads: Array.from({ length: rig.threads }, (_, thread) => ({
      node: `n${thread + 1}`,
      createClient: client,
    })),
    recorder: new Recorder(timers, [sink]),
    timers,
    random: createRandomStream(1, 'workload'),
    deadlineMs: 100,
    onCompletion: () => {},
    shouldStop: rig.shouldStop ?? (() => false),
  });
  await engine.run(() => loop.run());
  return ops;
}

const ok: Answer = (invocation, answer) => answer({ type: 'ok', value: invocation.value });

describe('the run loop', () => {
  it('records an invocation before the client hears of it', async () => {
    const recorded: Op[] = [];
    const seen: number[] = [];
    await runLoop({
      generator: limit(3, writes()),
      threads: 1,
      onOp: (op) => recorded.push(op),
      answer: (invocation, answer) => {
        const last = recorded.at(-1);
        expect(last).toMatchObject({ type: 'invoke', value: invocation.value });
        seen.push(Number(invocation.value));
        ok(invocation, answer);
      },
    });
    expect(seen).toEqual([1, 2, 3]);
  });

  it('retires a process after an unknown outcome and gives its thread a new client', async () => {
    const opened: string[] = [];
    const ops = await runLoop({
      generator: limit(4, writes()),
      threads: 1,
      opened,
      answer: (invocation, answer) =>
        answer({ type: invocation.value === 2 ? 'info' : 'ok', value: invocation.value }),
    });
    const processes = ops.filter((op) => op.type === 'invoke').map((op) => op.process);
    expect(processes).toEqual([0, 0, 1, 1]);
    expect(opened).toEqual(['n1', 'n1']);
  });

  it('never has two open operations of one process, and retries nothing', async () => {
    let turn = 0;
    const ops = await runLoop({
      generator: limit(200, writes()),
      threads: 4,
      answer: (invocation, answer) => {
        turn++;
        const type = turn % 7 === 0 ? 'info' : turn % 5 === 0 ? 'fail' : 'ok';
        answer({ type, value: invocation.value });
      },
    });
    const open = new Set<unknown>();
    for (const op of ops) {
      if (op.type === 'invoke') {
        expect(open.has(op.process)).toBe(false);
        open.add(op.process);
      } else {
        expect(open.delete(op.process)).toBe(true);
      }
    }
    const values = ops.filter((op) => op.type === 'invoke').map((op) => op.value);
    expect(new Set(values).size).toBe(200);
    expect(ops.map((op) => op.index)).toEqual(ops.map((_, position) => position));
  });

  it('stops when asked, after every open operation has completed', async () => {
    let count = 0;
    const ops = await runLoop({
      generator: writes(),
      threads: 3,
      answer: ok,
      onOp: () => {
        count++;
      },
      shouldStop: () => count > 20,
    });
    expect(ops.filter((op) => op.type === 'invoke')).toHaveLength(ops.length / 2);
  });

  it('keeps to the rate and to the time limit', async () => {
    const ops = await runLoop({
      generator: timeLimit(10e9, stagger(50, writes())),
      threads: 8,
      answer: ok,
    });
    const invoked = ops.filter((op) => op.type === 'invoke');
    expect(invoked.length).toBeGreaterThan(400);
    expect(invoked.length).toBeLessThan(600);
    expect(invoked.at(-1)?.timeNs).toBeLessThanOrEqual(10e9);
  });

  it('leaves no thread out at a rate that one alone could keep', async () => {
    const ops = await runLoop({
      generator: timeLimit(2e9, stagger(50, writes())),
      threads: 5,
      answer: ok,
    });
    const invoked = ops.filter((op) => op.type === 'invoke');
    for (const thread of [0, 1, 2, 3, 4]) {
      const share = invoked.filter((op) => op.process === thread).length / invoked.length;
      expect(share).toBeGreaterThan(0.15);
    }
  });

  it('is the same for the same seed, op by op', async () => {
    const rig: Rig = { generator: timeLimit(1e9, stagger(100, writes())), threads: 3, answer: ok };
    expect(await runLoop(rig)).toEqual(await runLoop(rig));
  });
});

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
    const ops = await runLoop({ generator, threads: 3, answer: ok });
    expect(asked).toBe(2);
    expect(ops.map(({ type }) => type)).toEqual(['invoke', 'ok']);
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
    await expect(runLoop({ generator: writes(), threads: 3, answer: ok, onOp })).rejects.toThrow(
      'the disk is full',
    );
    expect(recorded).toHaveLength(7);
  });

  it('comes with what a client threw', async () => {
    const answer: Answer = () => {
      throw new RangeError('no such operation');
    };
    await expect(runLoop({ generator: writes(), threads: 1, answer })).rejects.toThrow(RangeError);
  });
});
