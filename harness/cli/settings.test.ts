import { describe, expect, it } from 'vitest';
import { workloads } from '../../workloads/index.ts';
import { register } from '../../workloads/register.ts';
import { reference } from '../systems/reference.ts';
import { describeRepeat, missingOperations, parseSettings, type TestFlags } from './settings.ts';

const flags: TestFlags = {
  ...{ system: 'reference', workload: 'register', cluster: 'sim', images: 'auto', nodes: '3' },
  ...{ concurrency: '2n', rate: 500, timeLimit: 30, ops: undefined, deadlineMs: 2000 },
  ...{ keys: undefined, opsPerKey: undefined, recoveryLimit: 60, nemesis: 'none' },
  ...{ nemesisEvery: 400, nemesisInterval: undefined, seed: 1, testCount: 1, bug: undefined },
  ...{ results: 'results', check: 'after', checkTimeLimit: 120, checkMemoryLimit: 2000 },
  ...{ availability: undefined, trace: 'auto' },
};

describe('the settings of a test', () => {
  it('let the workload choose its size, and the user go before it', async () => {
    const chosen = await parseSettings(flags);
    const request = { keyCount: null, opsPerKey: null, opCount: null };
    const load = { concurrency: 6, rate: 500, timeLimitS: 30 };
    expect(chosen.size).toEqual(register.size({ ...request, ...load }));
    const asked = await parseSettings({ ...flags, keys: 2, opsPerKey: 7 });
    expect(asked.size).toMatchObject({ keyCount: 2, opsPerKey: 7 });
  });

  it('name the operations that a system lacks, and the object', async () => {
    const objects = { register: ['read', 'write'], list: ['append'] };
    expect(missingOperations(register, { objects })).toEqual([]);
    expect(missingOperations({ object: 'register', fs: ['read', 'cas'] }, { objects })).toEqual([
      'cas',
    ]);
    expect(missingOperations({ object: 'toString', fs: ['read'] }, { objects })).toEqual(['read']);
    for (const workload of workloads) {
      expect(missingOperations(workload, reference), workload.name).toEqual([]);
    }
  });

  it('refuse what cannot be, with what to write instead', async () => {
    const refused: readonly [Partial<TestFlags>, RegExp][] = [
      [{ availability: 1.5 }, /--availability takes a share from 0 to 1, such as 0.9; not 1.5/],
      [{ availability: Number.NaN }, /--availability takes a share/],
      [{ keys: 0 }, /--keys takes a whole number above 0; not 0/],
      [{ opsPerKey: 1.5 }, /--ops-per-key takes a whole number above 0/],
      [{ trace: 'maybe' }, /--trace takes auto, on, off; not maybe/],
      [{ workload: 'regster' }, /--workload/],
      [{ nemesisInterval: 5 }, /--nemesis-every/],
    ];
    for (const [over, message] of refused) {
      await expect(parseSettings({ ...flags, ...over }), JSON.stringify(over)).rejects.toThrow(
        message,
      );
    }
  });

  it('are all in the line that repeats the run, as they were decided', async () => {
    const settings = await parseSettings({ ...flags, availability: 0.5, trace: 'off', ops: 9 });
    const line = describeRepeat(settings, 'sim');
    const { keyCount, opsPerKey } = settings.size;
    for (const words of [
      '--availability 0.5',
      '--trace off',
      '--ops 9',
      '--seed 1',
      '--recovery-limit 60',
    ]) {
      expect(line).toContain(words);
    }
    expect(line).toContain(`--keys ${keyCount} --ops-per-key ${opsPerKey}`);
  });
});
