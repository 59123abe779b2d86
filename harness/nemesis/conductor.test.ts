import { expect, it } from 'vitest';
import type { Op } from '../../checker/history.ts';
import type { Nemesis } from '../nemesis.ts';
import { createRandomStream } from '../run/random.ts';
import { createRealTimers } from '../run/real-timers.ts';
import { Recorder } from '../run/recorder.ts';
import { Conductor } from './conductor.ts';

it('writes the begin before a fault and the end after its healing; finish ends all', async () => {
  const log: string[] = [];
  const nemesis = (name: string): Nemesis => ({
    fs: [name],
    setup: () => Promise.resolve(),
    invoke: async (op) => {
      const { phase } = op.value as { readonly phase: string };
      log.push(`${name} ${phase} is done`);
      return { value: op.value, tookEffect: true, evidence: {} };
    },
    teardown: () => Promise.resolve(),
  });
  const note = (op: Op): void => {
    log.push(`${op.f} ${(op.value as { readonly phase: string }).phase} is recorded`);
  };
  const conductor = new Conductor({
    nodes: ['n1', 'n2', 'n3'],
    nemeses: { partition: nemesis('partition'), kill: nemesis('kill') },
    recorder: new Recorder(createRealTimers(), [note]),
    random: createRandomStream(1, 'nemesis'),
    findLeader: () => Promise.resolve('n1'),
    lastLeader: () => 'n1',
    onEvidence: () => {},
  });
  for (const family of ['partition', 'kill'] as const) {
    conductor.take({ family, phase: 'begin', trigger: 'progress' });
    expect(conductor.busy).toBe(true);
    await conductor.settled();
  }
  await conductor.finish();
  expect(conductor.inForce).toEqual([]);
  expect(log).toEqual([
    'partition begin is recorded',
    'partition begin is done',
    'kill begin is recorded',
    'kill begin is done',
    'partition end is done',
    'partition end is recorded',
    'kill end is done',
    'kill end is recorded',
  ]);
});
