import { describe, expect, it } from 'vitest';
import { type Bug, plantBug } from '../bugs/bug.ts';
import { bugs } from '../bugs/index.ts';
import type { SeedResult } from '../seeds/seed-result.ts';
import type { PlanChoices } from '../seeds/sim-plan.ts';
import { loadServerCode, ownServerCode, type ServerCode } from '../simulation/server-code.ts';
import { runSeed } from './sim-run.ts';
import { planOf } from './sim-task.ts';

const limitMs = 300_000;

function runSteady(seed: number, server: ServerCode, more: PlanChoices = {}): Promise<SeedResult> {
  const plan = planOf(seed, { nemesisSchedule: 'steady', ...more });
  return runSeed({ plan, server, signal: new AbortController().signal });
}

function saysUnstable({ findings }: SeedResult): boolean {
  return findings.some(({ oracle, valid }) => oracle === 'stability' && valid === false);
}

/** The first seed that shows it; null: none of so many. */
async function firstSeed(bug: Bug, count: number, more: PlanChoices): Promise<number | null> {
  const copy = await plantBug(bug, process.cwd());
  try {
    const server = await loadServerCode(copy.root);
    for (let seed = 1; seed <= count; seed++) {
      if (saysUnstable(await runSteady(seed, server, more))) return seed;
    }
    return null;
  } finally {
    await copy.remove();
  }
}

/** Votes that cross must be drawn too: with few nodes and short timeouts they soon are. */
const crossing: PlanChoices = { nodes: 4, world: { tick: 20, election: 3, pace: 0 } };

describe('a fault that stays', { timeout: limitMs }, () => {
  it('leaves a sound server its majority, in each of the seeds', async () => {
    for (let seed = 1; seed <= 25; seed++) {
      const { findings } = await runSteady(seed, ownServerCode);
      expect(
        findings.filter(({ valid }) => valid === false),
        `seed ${seed}`,
      ).toEqual([]);
    }
  });

  it.each([
    ['quorum-of-all', 10, {}],
    ['no-check-quorum', 60, {}],
    ['no-prevote', 60, {}],
    ['jitter-drawn-once', 60, crossing],
  ] as const)('shows %s', async (id, count, more) => {
    const bug = bugs.find((each) => each.id === id);
    expect(bug === undefined ? null : await firstSeed(bug, count, more)).not.toBeNull();
  });
});
