import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
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

const impure: Readonly<Record<string, () => unknown>> = {
  'Date.now': () => Date.now(),
  'new Date': () => new Date(),
  Date: () => Date(),
  'Math.random': () => Math.random(),
  'performance.now': () => performance.now(),
  hrtime: () => process.hrtime(),
  'hrtime.bigint': () => process.hrtime.bigint(),
  uptime: () => process.uptime(),
  nextTick: () => process.nextTick(() => undefined),
  setTimeout: () => setTimeout(() => undefined, 0),
  setImmediate: () => setImmediate(() => undefined),
  'setTimeout of node:timers/promises': () => delay(0),
  'crypto.randomUUID': () => crypto.randomUUID(),
  getRandomValues: () => crypto.getRandomValues(new Uint8Array(1)),
  'randomBytes of node:crypto': () => randomBytes(1),
  'randomInt of node:crypto': () => randomInt(5),
  'randomUUID of node:crypto': () => randomUUID(),
};

for (const [name, call] of Object.entries(impure)) {
  test(`${name} throws under virtual time, in events and in the harness`, async () => {
    const inEvent = (engine: Engine): Promise<void> =>
      new Promise(() => engine.time.schedule(1, () => void call()));
    const inHarness = async (engine: Engine): Promise<void> => {
      await pause(engine, 1);
      for (let step = 0; step < 10; step++) await null;
      call();
    };
    for (const main of [inEvent, inHarness]) {
      const engine = new Engine(limits);
      await expect(engine.run(() => main(engine))).rejects.toThrow(ImpurityError);
      expect(call).not.toThrow();
    }
    const lax = new Engine({ ...limits, trapImpurity: false });
    await lax.run(() => inHarness(lax));
  });
}

test('a date that was asked for, and microtasks, are pure', async () => {
  const engine = new Engine(limits);
  const year = await engine.run(async () => {
    await new Promise<void>((resolve) => queueMicrotask(resolve));
    return new Date(0).getUTCFullYear();
  });
  expect(year).toBe(1970);
});

test('a harness of many turns gives way to the event loop, which does not disturb it', async () => {
  const engine = new Engine(limits);
  let others = 0;
  const interval = setInterval(() => others++, 0);
  const order: number[] = [];
  await engine.run(async () => {
    for (let step = 0; step < 5000; step++) {
      await pause(engine, 1);
      order.push(engine.time.nowUs);
    }
  });
  clearInterval(interval);
  expect(order).toEqual(Array.from({ length: 5000 }, (_, step) => (step + 1) * 1000));
  expect(others).toBeGreaterThan(0);
});
