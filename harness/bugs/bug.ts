/**
 * A planted bug: edits of the server's source text, applied to a copy of it.
 *
 * Each edit must match exactly once, so that a bug cannot rot unnoticed. The sources that everybody
 * runs are never touched, and hold no switch for a bug.
 */
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { workFolderPrefix } from '../cluster/work-folders.ts';

export interface Bug {
  readonly id: string;
  readonly title: string;
  /** What is wrong, in a sentence or two. */
  readonly mechanism: string;
  /** What a client can see of it, and under which fault. */
  readonly exposedBy: string;
  readonly edits: readonly Edit[];
}

export interface Edit {
  /** Relative to the source root. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** An edit does not fit the sources any more. */
export class BugError extends Error {
  override readonly name = 'BugError';
}

/** The text with the edit made. Throws BugError unless it matches exactly once. */
export function applyEdit(bugId: string, edit: Edit, text: string): string {
  const count = text.split(edit.find).length - 1;
  if (count !== 1) {
    throw new BugError(`bug ${bugId}: its edit matches ${count} times in ${edit.file}, not once`);
  }
  return text.replace(edit.find, () => edit.replace);
}

/** A copy of the sources, with a bug in it or not. */
export interface SourceCopy {
  readonly root: string;
  remove(): Promise<void>;
}

/** Copies server/ with the bug planted. Throws BugError. */
export async function plantBug(bug: Bug, sourceRoot: string): Promise<SourceCopy> {
  const root = await mkdtemp(join(tmpdir(), workFolderPrefix));
  await writeFile(join(root, 'owner.pid'), String(process.pid));
  const remove = (): Promise<void> => rm(root, { recursive: true, force: true });
  try {
    const isSource = (path: string): boolean => !path.endsWith('.test.ts');
    await cp(join(sourceRoot, 'server'), join(root, 'server'), {
      recursive: true,
      filter: isSource,
    });
    await cp(join(sourceRoot, 'package.json'), join(root, 'package.json'));
    await cp(join(sourceRoot, 'package-lock.json'), join(root, 'package-lock.json'));
    await symlink(join(sourceRoot, 'node_modules'), join(root, 'node_modules'), 'dir');
    for (const edit of bug.edits) {
      const path = join(root, edit.file);
      await writeFile(path, applyEdit(bug.id, edit, await readFile(path, 'utf8')));
    }
  } catch (error) {
    await remove();
    throw error;
  }
  return { root, remove };
}
