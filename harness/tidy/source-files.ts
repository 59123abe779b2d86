/** The files of the project that the tidy rules look at. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const projectRoot: string = fileURLToPath(new URL('../..', import.meta.url));

/** A file with its path relative to the project, `/` between its parts. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** What git tracks, and what it does not ignore. */
export function readProject(): readonly SourceFile[] {
  const list = ['ls-files', '--cached', '--others', '--exclude-standard'];
  const paths = execFileSync('git', list, { cwd: projectRoot, encoding: 'utf8' })
    .split('\n')
    .filter((path) => path !== '' && existsSync(join(projectRoot, path)));
  return [...new Set(paths)].map((path) => ({
    path,
    text: readFileSync(join(projectRoot, path), 'utf8'),
  }));
}

export function isTest(path: string): boolean {
  return path.endsWith('.test.ts');
}
