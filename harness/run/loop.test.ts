import { describe, expect, it } from 'vitest';
import type { Op } from '../../checker/history.ts';
import type { Client, Completion, Invocation } from '../client.ts';
import { type Generator, limit, stagger, timeLimit } from '../generator.ts';
import { Engine } from '../simulation/engine.ts';
import { planSimulation } from '../simulation/plan.ts';
import { RunLoop } from './loop.ts';
import { createRandomStream } from './random.ts';
import { Recorder } from './recorder.ts';

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
}

/** Runs a loop on virtual time with a client that answers as told. */
async function runLoop(rig: Rig): Promise<readonly Op[]> {
  const engine = new Engine(planSimulation({ seed: 1, nodes: ['n1'] }));
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
        rig.answer(invocation, (completion) => engine.timers.after(1, () => resolve(completion)));
      }),
    close: () => {},
  });
  const loop = new RunLoop({
    generator: rig.generator,
    threads: Array.from({ length: rig.threads }, (_, thread) => ({
      node: `n${thread + 1}`,
      createClient: client,
    })),
    recorder: new Recorder(engine.timers, [sink]),
    timers: engine.timers,
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
