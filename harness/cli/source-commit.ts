/** Which sources these are, for results that outlive them. */
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { readVersions } from './versions.ts';

/**
 * The commit, with `-dirty` when files of it were changed; outside of a checkout the version of the
 * package.
 */
export async function sourceCommit(): Promise<string> {
  const cwd = fileURLToPath(new URL('../..', import.meta.url));
  const git = await execa('git', ['describe', '--always', '--abbrev=12', '--dirty'], {
    ...{ cwd, reject: false, stdin: 'ignore' },
  });
  const said = git.exitCode === 0 ? git.stdout.trim() : '';
  return said || `rafture ${readVersions()['rafture'] ?? ''}`;
}
