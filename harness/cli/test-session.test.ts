import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { casRegister } from '../../workloads/cas-register.ts';
import { createRunConsole } from '../console.ts';
import { createRealTimers } from '../run/real-timers.ts';
import { reference } from '../systems/reference.ts';
import type { System } from '../systems/system.ts';
import { Interruption } from './interruption.ts';
import type { TestSettings } from './settings.ts';
import { runSession } from './test-session.ts';
import { UndoStack } from './undo-stack.ts';

const resultsRoot = mkdtempSync(join(tmpdir(), 'rafture-session-test-'));

afterAll(() => rmSync(resultsRoot, { recursive: true, force: true }));

const settings: TestSettings = {
  system: reference,
  workload: casRegister,
  cluster: 'sim',
  images: 'auto',
  nodes: ['n1', 'n2', 'n3'],
  concurrency: 6,
  rate: 200,
  timeLimitS: 3,
  opCount: null,
  keyCount: 3,
  opsPerKey: 100,
  deadlineMs: 1000,
  recoveryLimitS: 30,
  nemesis: [],
  nemesisEvery: 100,
  seed: 1,
  testCount: 1,
  bug: null,
  resultsRoot,
  checkTimeLimitS: 30,
  checkMemoryLimitMb: 500,
};

/** The reference behind a client whose nth operation goes wrong in this way. */
function spoiled(nth: number, spoil: 'throws' | 'lies'): System {
  let count = 0;
  return {
    ...reference,
    createClient: (options) => {
      const client = reference.createClient(options);
      return {
        open: (node) => client.open(node),
        close: () => client.close(),
        invoke: async (invocation, deadlineMs) => {
          count++;
          if (count === nth && spoil === 'throws') throw new Error('the client is broken');
          const completion = await client.invoke(invocation, deadlineMs);
          const lie = count >= nth && spoil === 'lies' && invocation.f === 'read';
          return lie ? { type: 'ok', value: 987_654 } : completion;
        },
      };
    },
  };
}

async function run(over: Partial<TestSettings>): Promise<{ code: number; results: unknown }> {
  const output = { write: () => true, isTTY: false, columns: 80 };
  const runConsole = createRunConsole({ output, timers: createRealTimers(), colour: false });
  const undo = new UndoStack();
  const interruption = new Interruption(
    () => {},
    () => {},
  );
  try {
    const all = { ...settings, ...over };
    const code = await runSession({ settings: all, console: runConsole, interruption, undo });
    const text = readFileSync(join(resultsRoot, 'latest', 'results.json'), 'utf8');
    return { code, results: JSON.parse(text) as unknown };
  } finally {
    interruption.dispose();
    runConsole.stop();
  }
}

describe('a session', () => {
  it('that went well is valid', async () => {
    expect(await run({})).toMatchObject({ code: 0, results: { valid: true } });
  });

  it('in which the harness breaks is checked, is never valid, and exits with 255', async () => {
    const { code, results } = await run({ system: spoiled(200, 'throws') });
    expect(code).toBe(255);
    expect(results).toMatchObject({
      valid: 'unknown',
      linearizability: { valid: true },
      checkers: expect.arrayContaining([
        expect.objectContaining({
          name: 'harness',
          summary: expect.stringContaining('the client is broken'),
        }),
      ]),
    });
  });

  it('in which a read returns what nobody wrote is invalid, and exits with 1', async () => {
    const { code, results } = await run({ system: spoiled(200, 'lies') });
    expect(code).toBe(1);
    expect(results).toMatchObject({
      valid: false,
      linearizability: { valid: false, witness: { kind: 'unwritten-value' } },
    });
  });
});
