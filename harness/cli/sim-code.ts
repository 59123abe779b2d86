/** Which code a series of seeds runs, so that seeds of other code are not counted with it. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Bug } from '../bugs/bug.ts';
import { fingerprintCode } from '../seeds/code-fingerprint.ts';
import type { SeedSettings } from './sim-settings.ts';

/** The folder that holds server/. */
export const ownRoot: string = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

const programs = ['./sim-worker.ts', '../bugs/finders.ts'].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);

/** Of the workers, the server, and what was planted in it; of files that the flags name. */
export function fingerprintSeries({ bug, choices }: Pick<SeedSettings, 'bug' | 'choices'>): string {
  const { nemesisFile, workload } = choices;
  const scripts = join(ownRoot, 'harness/nemesis/scripts');
  const named = [nemesisFile ?? null, workload ?? null]
    .filter((name) => name !== null)
    .flatMap((name) => [name, join(scripts, `${name}.yaml`)]);
  const code = fingerprintCode([...programs, ...named], {
    root: ownRoot,
    // The planted one counts by itself, so that others may come and go.
    without: (path) => path.startsWith('harness/bugs/') && !path.includes('/finders.'),
  });
  return bug === null ? code : `${code}+${fingerprintBug(bug)}`;
}

function fingerprintBug({ edits, expect }: Bug): string {
  const text = JSON.stringify({ edits, expect }, (_, value: unknown) =>
    value instanceof RegExp ? String(value) : value,
  );
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}
