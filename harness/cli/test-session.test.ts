import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { casRegister } from '../../workloads/cas-register.ts';
import { bugs } from '../bugs/index.ts';
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
  workloadArgument: 'cas-register',
  cluster: 'sim',
  images: 'auto',
  processNetwork: 'auto',
  nodes: ['n1', 'n2', 'n3'],
  concurrency: 6,
  rate: 200,
  timeLimitS: 3,
  endsWithFaults: false,
  opCount: null,
  size: { keyCount: 3, opsPerKey: 100, unknownPerKey: null, notes: [] },
  deadlineMs: 1000,
  recoveryLimitS: 30,
  ...{ nemesis: [], nemesisAsked: [], nemesisIsNamed: false, eachFamilyCounts: true },
  ...{ nemesisEvery: 100, nemesisSchedule: 'random', nemesisScript: null },
  requireAllFaults: false,
  seed: 1,
  testCount: 1,
  bug: null,
  resultsRoot,
  check: 'after',
  checkTimeLimitS: 30,
  checkMemoryLimitMb: 500,
  availabilityMin: null,
  trace: 'auto',
  world: {},
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

interface Ran {
  readonly code: number;
  readonly results: unknown;
  /** The text of history.jsonl. */
  readonly history: string;
}

async function run(over: Partial<TestSettings>): Promise<Ran> {
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
    const history = readFileSync(join(resultsRoot, 'latest', 'history.jsonl'), 'utf8');
    return { code, results: JSON.parse(text) as unknown, history };
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

  it('with a planted bug ends at the first violation when it is checked online', async () => {
    const bug = bugs.find(({ id }) => id === 'ack-before-quorum') ?? null;
    const buggy = { bug, nodes: ['n1', 'n2', 'n3', 'n4', 'n5'], concurrency: 10, timeLimitS: 60 };
    const faults = {
      ...{ nemesis: ['partition'], nemesisAsked: [{ family: 'partition', variants: null }] },
      nemesisEvery: 400,
      rate: 500,
      opsPerKey: 500,
    } as const;
    const online = { ...buggy, ...faults, check: 'online', seed: 7 } as const;
    const { code, results, history } = await run(online);
    expect(code).toBe(1);
    const entries = history.split('\n').length - 2;
    expect(entries).toBeLessThan(10_000);
    expect(results).toMatchObject({
      linearizability: { valid: false },
      checkers: expect.arrayContaining([
        expect.objectContaining({
          name: 'online',
          valid: false,
          summary: expect.stringMatching(/at entry \d+, which ended the run$/),
        }),
      ]),
    });
    expect((await run(online)).history).toBe(history);
  }, 30_000);

  it('without a violation has the same history whether it is checked online or after', async () => {
    const after = await run({});
    const online = await run({ check: 'online' });
    expect(online).toMatchObject({ code: 0, results: { valid: true } });
    expect(online.history).toBe(after.history);
  });

  it('on real time is stopped by the thread that checks it', async () => {
    const lying = { system: spoiled(200, 'lies'), cluster: 'process', timeLimitS: 60 } as const;
    const { code, results } = await run({ ...lying, check: 'online' });
    expect(code).toBe(1);
    expect(results).toMatchObject({
      checkers: expect.arrayContaining([expect.objectContaining({ name: 'online' })]),
    });
  }, 30_000);
});
