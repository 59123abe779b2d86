import { describe, expect, it } from 'vitest';
import type { Op } from '../../checker/history.ts';
import { type Generator, limit, type Next, stagger, timeLimit } from '../generator.ts';
import { type Answer, driveLoop, ok, type Rig, runLoop, writes } from './loop-rig.ts';

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
    const { ops, opened, closed, nextProcess } = await driveLoop({
      generator: limit(4, writes()),
      threads: 1,
      answer: (invocation, answer) =>
        answer({ type: invocation.value === 2 ? 'info' : 'ok', value: invocation.value }),
    });
    const processes = ops.filter((op) => op.type === 'invoke').map((op) => op.process);
    expect(processes).toEqual([0, 0, 1, 1]);
    expect(opened).toEqual(['n1', 'n1']);
    expect(closed).toBe(2);
    expect(nextProcess).toBe(2);
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

  it('tells the generator of every line, each before the next question', async () => {
    const told: string[] = [];
    const heard: Generator = {
      op: (context) => {
        told.push('asked');
        return { ...inner.op(context), generator: heard } as Next;
      },
      update: (op) => {
        told.push(`${op.type} ${op.index}`);
        return heard;
      },
    };
    let left = 2;
    const inner: Generator = {
      op: () => (left-- > 0 ? { type: 'op', op: { f: 'x', value: 1 }, generator: inner } : done),
      update: () => inner,
    };
    const done: Next = { type: 'done' };
    await runLoop({ generator: heard, threads: 1, answer: ok });
    const [first, second] = [0, 2].map((at) => ['asked', `invoke ${at}`, `ok ${at + 1}`]);
    expect(told).toEqual([...(first ?? []), ...(second ?? []), 'asked']);
  });

  it('names the node that answered, and the processes from the first one on', async () => {
    const { ops, completed, nextProcess } = await driveLoop({
      generator: limit(2, writes()),
      threads: 2,
      firstProcess: 20,
      answer: ({ process }, answer) =>
        answer({ type: 'ok', value: 1, ...(process === 20 ? { node: 'n9' } : {}) }),
    });
    const processes = ops.map(({ process, type, node }) => [process, type, node]);
    expect(processes).toEqual([
      [20, 'invoke', 'n1'],
      [21, 'invoke', 'n2'],
      [20, 'ok', 'n9'],
      [21, 'ok', 'n2'],
    ]);
    expect(nextProcess).toBe(22);
    expect(completed).toEqual([
      [2, 0],
      [3, 1],
    ]);
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

describe('a run loop with a generator that draws', () => {
  it('asks the same, however often idle clients were asked in vain', async () => {
    const waits = { timeNs: 0 };
    /** Draws each time, and gives an operation only from the next millisecond on. */
    const drawing = (count: number): Generator => ({
      op: ({ timeNs, random }) => {
        const value = random();
        if (count === 20) return { type: 'done' };
        if (timeNs < waits.timeNs) {
          return { type: 'pending', untilNs: waits.timeNs, generator: drawing(count) };
        }
        waits.timeNs = timeNs + 1e6;
        return { type: 'op', op: { f: 'write', value }, generator: drawing(count + 1) };
      },
      update: () => drawing(count),
    });
    const values = async (threads: number): Promise<readonly unknown[]> => {
      waits.timeNs = 0;
      const ops = await runLoop({ answer: ok, generator: drawing(0), threads });
      return ops.filter(({ type }) => type === 'invoke').map(({ value }) => value);
    };
    const asked = await values(1);
    expect(new Set(asked).size).toBe(20);
    expect(await values(7)).toEqual(asked);
  });
});

describe('a client whose node refuses connections', () => {
  it('rests, so that the others get the operations, and leaves no timer behind', async () => {
    const refuse: Answer = ({ process, value }, answer) =>
      answer(
        process === 0
          ? { type: 'fail', value: null, error: { code: 'connection-refused' } }
          : { type: 'ok', value },
      );
    const run = await driveLoop({ answer: refuse, generator: limit(200, writes()), threads: 2 });
    const byFirst = run.ops.filter(({ process, type }) => process === 0 && type === 'invoke');
    expect(byFirst.length).toBeGreaterThan(1);
    expect(byFirst.length).toBeLessThan(40);
    expect(run.timersLeft).toBe(0);
  });
});
