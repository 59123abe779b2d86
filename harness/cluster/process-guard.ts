/**
 * What makes a child process die with this one, whatever it does and however this one ends.
 *
 * Even a process that is stopped: it would not see that its standard input has ended.
 */
import { execa } from 'execa';

const guard: readonly string[] = ['setpriv', '--pdeathsig', 'KILL', '--'];
let found: Promise<readonly string[]> | null = null;

/** What comes before a command; nothing where the machine does not have it. */
export function findDeathGuard(): Promise<readonly string[]> {
  found ??= tryGuard();
  return found;
}

async function tryGuard(): Promise<readonly string[]> {
  if (process.platform !== 'linux') return [];
  const [executable = '', ...args] = [...guard, process.execPath, '--version'];
  const tried = await execa(executable, args, { reject: false });
  return tried.exitCode === 0 ? guard : [];
}
