/**
 * Completes package-lock.json for platforms that the registry in use does not carry.
 *
 * npm leaves an optional dependency that it cannot find out of the lockfile, and `npm ci` then
 * refuses the lockfile everywhere. This adds an entry for each such platform binary: its version
 * comes from its dependent, its platform from its name. npm skips it where the platform differs.
 */
import { readFileSync, writeFileSync } from 'node:fs';

interface LockEntry {
  version?: string;
  optional?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  bin?: Record<string, string>;
}

interface Lockfile {
  packages: Record<string, LockEntry>;
}

const osNames: readonly string[] = [
  'aix',
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
].concat(['openbsd', 'openharmony', 'sunos', 'win32', 'win']);
const cpuNames: readonly string[] = ['arm64', 'arm', 'x64', 'ia32', 'ppc64', 'riscv64', 's390x'];

/** What a platform package's name says of its platform; null when it names none. */
function parsePlatform(name: string): Pick<LockEntry, 'os' | 'cpu' | 'libc'> | null {
  const words = (name.split('/').pop() ?? name).split('-');
  const os = osNames.find((candidate) => words.includes(candidate));
  if (os === undefined) return null;
  const cpu = cpuNames.find((candidate) => words.includes(candidate));
  return {
    os: [os === 'win' ? 'win32' : os],
    ...(cpu === undefined ? {} : { cpu: [cpu] }),
    ...(words.includes('musl') ? { libc: ['musl'] } : {}),
  };
}

/** The entries that are missing, by their place in the lockfile. */
export function missingEntries(lockfile: Lockfile): Record<string, LockEntry> {
  const added: Record<string, LockEntry> = {};
  for (const entry of Object.values(lockfile.packages)) {
    for (const [name, range] of Object.entries(entry.optionalDependencies ?? {})) {
      const place = `node_modules/${name}`;
      const platform = parsePlatform(name);
      if (lockfile.packages[place] !== undefined || platform === null) continue;
      const version = range.replace(/^[~^]/, '');
      const bin = name.startsWith('node-') ? { bin: { node: 'bin/node' } } : {};
      added[place] = { version, optional: true, ...platform, ...bin };
    }
  }
  return added;
}

if (import.meta.main) {
  const path = new URL('../../package-lock.json', import.meta.url);
  const lockfile = JSON.parse(readFileSync(path, 'utf8')) as Lockfile;
  const added = missingEntries(lockfile);
  Object.assign(lockfile.packages, added);
  const [root, ...rest] = Object.entries(lockfile.packages);
  const sorted = rest.sort(([a], [b]) => (a < b ? -1 : 1));
  lockfile.packages = Object.fromEntries(root === undefined ? sorted : [root, ...sorted]);
  writeFileSync(path, `${JSON.stringify(lockfile, null, 2)}\n`);
  console.log(`${Object.keys(added).length} platform entries added to package-lock.json`);
}
