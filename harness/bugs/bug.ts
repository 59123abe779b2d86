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

/** The part of the protocol that a bug is in; each has a folder of its own. */
export type BugFamily =
  | 'votes'
  | 'commit'
  | 'replication'
  | 'reads'
  | 'membership'
  | 'storage'
  | 'snapshots'
  | 'sessions'
  | 'liveness'
  | 'commands';

/**
 * The finest grain of fault that shows a bug: of a whole `cluster` (partitions, crashes, members:
 * what containers and processes can have too), of a single `message` or of a `sector` of a disk.
 */
export type FaultGrain = 'cluster' | 'message' | 'sector';

export interface Bug {
  readonly id: string;
  readonly title: string;
  /** What is wrong, in a sentence or two. */
  readonly mechanism: string;
  /** What a client can see of it, and under which fault. */
  readonly exposedBy: string;
  /** The workload that shows it. */
  readonly workload: string;
  /** Further arguments of `rafture test` that show it soonest. */
  readonly args: readonly string[];
  /** Where it was reported, or what it breaks: `etcd #7331 https://…`, `[Raft §5.4.2]`. */
  readonly citations: readonly string[];
  /** Rows of the catalogue of published bugs that it plants, such as `B24`; of our own: none. */
  readonly rows: readonly string[];
  readonly needs: FaultGrain;
  /** Who must find it; others may find it too. */
  readonly expect: readonly Finding[];
  readonly edits: readonly Edit[];
}

/** What a checker says of a bug: its verdict, and where it names one, the kind of anomaly. */
export interface Finding {
  /** By its name in the results. */
  readonly checker: string;
  /** Of `linearizable`: the kinds of witness that it may choose; none given: any. */
  readonly kinds?: readonly string[];
  /** Of others: in its summary or details there is a text like this. */
  readonly says?: RegExp;
  /** Where nothing is broken but something is not as it should be. Default false. */
  readonly valid?: 'unknown';
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

/** What `--bug list` prints: a line each. */
export function describeBugs(bugs: readonly Bug[]): string {
  const width = Math.max(...bugs.map(({ id }) => id.length));
  const lines = bugs.map(({ id, title, workload, args, expect }) => {
    const how = [`--workload ${workload}`, ...args].join(' ');
    const who = expect.map(({ checker }) => checker).join(', ');
    return `  ${id.padEnd(width)}  ${title}; ${how}: ${who}`;
  });
  return ['Planted bugs, how they show soonest, and who finds them:', ...lines].join('\n');
}

/** A copy of the sources, with a bug in it or not. */
export interface SourceCopy {
  readonly root: string;
  remove(): Promise<void>;
}

/** Copies server/ with the bug planted. Throws BugError. */
export async function plantBug(
  bug: Pick<Bug, 'id' | 'edits'>,
  sourceRoot: string,
): Promise<SourceCopy> {
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
