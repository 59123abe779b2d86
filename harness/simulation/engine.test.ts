import { expect, test } from 'vitest';
import { Engine, SimulationError } from './engine.ts';
import { ImpurityError } from './impurity-traps.ts';

const limits = { virtualTimeLimitMs: 60_000, trapImpurity: true };

function pause(engine: Engine, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    engine.timers.after(delayMs, resolve);
  });
}

test('asynchronous code runs on virtual time, and virtual hours take no time', async () => {
  const engine = new Engine({ ...limits, virtualTimeLimitMs: 1e9 });
  const result = await engine.run(async () => {
    await pause(engine, 3_600_000);
    return engine.timers.nowNs();
  });
  expect(result).toBe(3_600_000 * 1e6);
});

test('every microtask runs before the next event, however long their chain', async () => {
  const engine = new Engine(limits);
  const order: string[] = [];
  await engine.run(async () => {
    engine.time.schedule(1001, () => order.push('event'));
    await pause(engine, 1);
    for (let step = 0; step < 100; step++) await null;
    order.push('harness');
    await pause(engine, 1);
  });
  expect(order).toEqual(['harness', 'event']);
});

test('a harness that waits for what cannot come is a deadlock, and is told so', async () => {
  const engine = new Engine(limits);
  const run = engine.run(() => new Promise<never>(() => undefined));
  await expect(run).rejects.toThrow(SimulationError);
});

test('a harness that waits while time goes on for ever is stopped at the limit', async () => {
  const engine = new Engine({ ...limits, virtualTimeLimitMs: 100 });
  const tick = (): void => {
    engine.time.schedule(1000, tick);
  };
  tick();
  const run = engine.run(() => new Promise<never>(() => undefined));
  await expect(run).rejects.toThrow('100 virtual ms');
});

test('what the harness throws comes out of the run', async () => {
  const engine = new Engine(limits);
  const run = engine.run(async () => {
    await pause(engine, 1);
    throw new RangeError('by the harness');
  });
  await expect(run).rejects.toThrow(RangeError);
});

test('clocks, real timers and Math.random throw under virtual time, only there', async () => {
  const impure: readonly (() => unknown)[] = [
    () => Date.now(),
    () => Math.random(),
    () => performance.now(),
    () => setTimeout(() => undefined, 0),
    () => crypto.randomUUID(),
  ];
  for (const call of impure) {
    const engine = new Engine(limits);
    const run = engine.run(
      () =>
        new Promise<void>(() => {
          engine.time.schedule(1, () => void call());
        }),
    );
    await expect(run).rejects.toThrow(ImpurityError);
    expect(Date.now()).toBeGreaterThan(0);
    expect(Math.random()).toBeLessThan(1);
  }
});
