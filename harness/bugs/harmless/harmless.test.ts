import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { runSeed } from '../../cli/sim-run.ts';
import { drawPlan } from '../../seeds/sim-plan.ts';
import { loadServerCode, ownServerCode, type ServerCode } from '../../simulation/server-code.ts';
import { plantBug, type SourceCopy } from '../bug.ts';
import { otherPaths } from './index.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const seeds = [1, 2, 3];
const copies: SourceCopy[] = [];

afterEach(async () => {
  for (const copy of copies.splice(0)) await copy.remove();
});

/** Of runs as `rafture sim` has them, but short, and with ticks between two heartbeats. */
async function traceHashes(server: ServerCode): Promise<readonly string[]> {
  const { signal } = new AbortController();
  const world = { heartbeat: 3, election: 15 };
  const choices = { nodes: 3, ops: 120, timeLimitS: 3, world };
  const hashes: string[] = [];
  for (const seed of seeds) {
    const plan = drawPlan(seed, { workloads: ['register'] }, choices);
    hashes.push((await runSeed({ plan, server, signal })).traceHash);
  }
  return hashes;
}

const clean = traceHashes(ownServerCode);

/** A copy without an edit: it must not be the copying that makes runs differ. */
const copied = { id: 'copied', edits: [] };

describe('against the server as it is', () => {
  const cases = [
    { mutant: copied, differs: false },
    ...otherPaths.map((mutant) => ({ mutant, differs: true })),
  ];

  for (const { mutant, differs } of cases) {
    test(`runs of ${mutant.id} ${differs ? 'go other ways' : 'are the same'}`, async () => {
      const copy = await plantBug(mutant, root);
      copies.push(copy);
      const hashes = await traceHashes(await loadServerCode(copy.root));
      const original = await clean;
      expect(hashes.some((hash, position) => hash !== original[position])).toBe(differs);
    }, 60_000);
  }
});
