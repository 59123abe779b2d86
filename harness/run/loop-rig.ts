/** A run loop on virtual time, for its tests: clients that answer as told, counted timers. */
import type { Op } from '../../checker/history.ts';
import type { Client, Completion, Invocation } from '../client.ts';
import type { Generator } from '../generator.ts';
import { Engine } from '../simulation/engine.ts';
import { planSimulation } from '../simulation/plan.ts';
import { pause } from './introspect.ts';
import { RunLoop } from './loop.ts';
import { createRandomStream } from './random.ts';
import { Recorder } from './recorder.ts';
import type { HarnessTimers } from './timers.ts';

/** Endless writes of different values. */
export const writes = (value = 1): Generator => ({
  op: () => ({ type: 'op', op: { f: 'write', key: 'k', value }, generator: writes(value + 1) }),
  update: () => writes(value),
});

export type Answer = (invocation: Invocation, answer: (completion: Completion) => void) => void;

export const ok: Answer = (invocation, answer) => answer({ type: 'ok', value: invocation.value });

export interface Rig {
  readonly answer: Answer;
  readonly generator: Generator;
  readonly threads: number;
  readonly firstProcess?: number;
  readonly onOp?: (op: Op) => void;
  readonly shouldStop?: () => boolean;
  /** How long it takes to answer, from the time in milliseconds at which it is asked; else 1. */
  readonly answerMs?: (nowMs: number) => number;
  /** Every timer comes so much too late; below 0 too early. */
  readonly timersLateMs?: number;
}

export interface LoopRun {
  readonly ops: readonly Op[];
  /** What was told of completions: their places in the history, and the threads. */
  readonly completed: readonly (readonly [index: number, thread: number])[];
  /** What `run` rejected with; null when it did not. */
  readonly error: unknown;
  readonly endedNs: number;
  readonly isDone: boolean;
  readonly nextProcess: number;
  /** Nodes of the clients that were opened; how many of them were closed. */
  readonly opened: readonly string[];
  readonly closed: number;
  /** Timers of the loop's own: set in all, and still set after the end. */
  readonly timersSet: number;
  readonly timersLeft: number;
}

/** Runs to the end, and then waits for whatever may still come. */
export async function driveLoop(rig: Rig): Promise<LoopRun> {
  const engine = new Engine(planSimulation({ seed: 1, nodes: ['n1'] }));
  const timers = countTimers(engine.timers, rig.timersLateMs ?? 0);
  const ops: Op[] = [];
  const completed: [number, number][] = [];
  const opened: string[] = [];
  let closed = 0;
  const sink = (op: Op): void => {
    ops.push(op);
    rig.onOp?.(op);
  };
  const createClient = (): Client => ({
    open: async (node) => {
      opened.push(node);
    },
    invoke: (invocation) =>
      new Promise((resolve) => {
        const delayMs = rig.answerMs?.(engine.timers.nowNs() / 1e6) ?? 1;
        rig.answer(invocation, (completion) => {
          engine.timers.after(delayMs, () => resolve(completion));
        });
      }),
    close: () => {
      closed++;
    },
  });
  const loop = new RunLoop({
    generator: rig.generator,
    threads: Array.from({ length: rig.threads }, (_, thread) => ({
      node: `n${thread + 1}`,
      createClient,
    })),
    ...(rig.firstProcess === undefined ? {} : { firstProcess: rig.firstProcess }),
    recorder: new Recorder(timers, [sink]),
    timers,
    random: createRandomStream(1, 'workload'),
    deadlineMs: 100,
    onCompletion: (op, thread) => completed.push([op.index, thread]),
    shouldStop: rig.shouldStop ?? (() => false),
  });
  let error: unknown = null;
  let endedNs = 0;
  await engine.run(async () => {
    await loop.run().catch((thrown: unknown) => {
      error = thrown;
    });
    endedNs = engine.timers.nowNs();
    await pause(engine.timers, 1000);
  });
  const { isDone, nextProcess } = loop;
  const { set: timersSet, left: timersLeft } = timers.count;
  const ended = { error, endedNs, isDone, nextProcess };
  return { ops, completed, ...ended, opened, closed, timersSet, timersLeft };
}

/** The history of a run that comes to its end. */
export async function runLoop(rig: Rig): Promise<readonly Op[]> {
  const { ops, error } = await driveLoop(rig);
  if (error !== null) throw error;
  return ops;
}

function countTimers(
  timers: HarnessTimers,
  lateMs: number,
): HarnessTimers & { readonly count: { set: number; left: number } } {
  const count = { set: 0, left: 0 };
  return {
    count,
    nowNs: () => timers.nowNs(),
    after: (delayMs, callback) => {
      count.set++;
      count.left++;
      // Early only once in a while, or it would be set anew for ever.
      const ownMs = Math.max(delayMs / 2, delayMs + lateMs);
      const cancel = timers.after(ownMs, () => {
        count.left--;
        callback();
      });
      return () => {
        count.left--;
        cancel();
      };
    },
  };
}
