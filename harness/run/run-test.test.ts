import { expect, it } from 'vitest';
import { casRegister } from '../../workloads/cas-register.ts';
import { createSimulatedCluster } from '../cluster/simulated.ts';
import type { Cluster } from '../cluster.ts';
import { RandomSchedule } from '../nemesis/random-schedule.ts';
import { reference } from '../systems/reference.ts';
import { pause } from './introspect.ts';
import { RunHistory } from './run-history.ts';
import { placeOf, runTest } from './run-test.ts';
import type { HarnessTimers } from './timers.ts';

it('leaves no timer behind that would keep the process alive, whatever was under way', async () => {
  for (const seed of [1, 2, 3, 4, 5, 6]) {
    const simulated = createSimulatedCluster({ seed, nodes: ['n1', 'n2', 'n3'] });
    let ended = false;
    let setAfterTheEnd = 0;
    const timers: HarnessTimers = {
      nowNs: () => simulated.timers.nowNs(),
      after: (delayMs, callback) => {
        if (ended) setAfterTheEnd++;
        return simulated.timers.after(delayMs, callback);
      },
    };
    // Slow connections: a look at the cluster is under way most of the time.
    const connect: Cluster['connect'] = async (node) => {
      await pause(simulated.timers, 200);
      return simulated.connect(node);
    };
    const cluster = new Proxy(simulated, {
      get: (target, name) => {
        if (name === 'connect') return connect;
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    await simulated.run(async () => {
      await Promise.all(simulated.nodes.map((node) => simulated.start(node)));
      await runTest({
        system: reference,
        workload: casRegister,
        cluster,
        timers,
        seed,
        concurrency: 3,
        rate: 50,
        timeLimitMs: 2000 + 70 * seed,
        opCount: null,
        size: { keyCount: 2, opsPerKey: 50, unknownPerKey: null, notes: [] },
        history: new RunHistory(),
        deadlineMs: 1000,
        recoveryLimitMs: 20_000,
        nemesis: [],
        endsWithFaults: false,
        createSchedule: (random) =>
          new RandomSchedule({ families: [], every: 100, expectedOps: null, random }),
        sinks: [],
        onEvidence: () => {},
        onStatus: () => {},
        shouldStop: () => false,
      });
      ended = true;
      await pause(simulated.timers, 5000);
    });
    // What was under way may still end by its own deadline; a look that follows another may not.
    expect(setAfterTheEnd, `seed ${seed}`).toBeLessThanOrEqual(2 * simulated.nodes.length);
  }
}, 30_000);

it('gives each node clients of even and of odd numbers, however many nodes there are', () => {
  for (const nodeCount of [1, 2, 3, 4, 5, 6, 7]) {
    const kinds = Array.from({ length: nodeCount }, () => new Set<number>());
    for (let thread = 0; thread < 2 * nodeCount; thread++) {
      kinds[placeOf(thread, nodeCount)]?.add(thread % 2);
    }
    expect(kinds.map(({ size }) => size)).toEqual(Array.from({ length: nodeCount }, () => 2));
  }
});
