/**
 * The arrows between folders: who may import whom.
 *
 * `checker <- harness <- workloads <- harness/main.ts`; `server` and `checker` know nobody; the
 * harness meets the server's code through one door, the simulation.
 */
import { posix } from 'node:path';
import { isTest, type SourceFile } from './source-files.ts';

const importPattern = /(?:\bfrom\s+|\bimport\s*\(\s*|\bimport\s+)['"]([^'"]+)['"]/g;

/** The modules that a file imports, statically or not. */
function importsOf(text: string): readonly string[] {
  return [...text.matchAll(importPattern)].map((match) => match[1] ?? '');
}

export function checkArrows(files: readonly SourceFile[]): readonly string[] {
  const problems: string[] = [];
  for (const { path, text } of files) {
    // Its own test holds imports in strings.
    if (!path.endsWith('.ts') || path === 'harness/tidy/tidy.test.ts') continue;
    for (const specifier of importsOf(text)) {
      const why = whyForbidden(path, specifier);
      if (why !== null) problems.push(`${path}: imports ${specifier}: ${why}`);
    }
  }
  return problems;
}

function whyForbidden(path: string, specifier: string): string | null {
  if (!specifier.startsWith('.')) return whyForbiddenPackage(path, specifier);
  const target = posix.normalize(posix.join(posix.dirname(path), specifier));
  if (!/\.(ts|js|json)$/.test(target)) return 'imports are written with their ending';
  switch (path.split('/')[0]) {
    case 'server':
      return whyForbiddenInServer(path, target);
    case 'checker':
      return target.startsWith('checker/') ? null : 'checker/ imports no other folder';
    case 'workloads':
      return whyForbiddenInWorkloads(target);
    default:
      return whyForbiddenInHarness(path, target);
  }
}

function whyForbiddenInServer(path: string, target: string): string | null {
  if (!target.startsWith('server/')) return 'server/ imports no other folder';
  if (path.startsWith('server/raft/') && !target.startsWith('server/raft/')) {
    return 'server/raft/ imports nothing but itself';
  }
  const mayTouchHost = path.startsWith('server/host/') || path === 'server/main.ts' || isTest(path);
  if (target.startsWith('server/host/') && !mayTouchHost) {
    return 'only server/main.ts and server/host/ import server/host/';
  }
  return null;
}

function whyForbiddenInWorkloads(target: string): string | null {
  if (target.startsWith('workloads/') || target.startsWith('checker/')) return null;
  if (/^harness\/(client|checker|generator|generator-parts|workload)\.ts$/.test(target))
    return null;
  return 'workloads/ imports checker/ and the interfaces at the top of harness/';
}

function whyForbiddenInHarness(path: string, target: string): string | null {
  const composes =
    path === 'harness/main.ts' ||
    path.startsWith('harness/cli/') ||
    // It measures what a command does for each of its seeds.
    path === 'harness/bench/sim-seeds.ts' ||
    isTest(path);
  if (target.startsWith('workloads/') && !composes) {
    return 'only harness/main.ts and harness/cli/ know the workloads';
  }
  if (target.startsWith('harness/cli/') && !composes) return 'nobody imports the commands';
  if (target.startsWith('server/')) {
    if (!path.startsWith('harness/simulation/')) {
      return 'the door to server/ is harness/simulation/';
    }
    if (target.startsWith('server/host/') || target === 'server/main.ts') {
      return 'the simulation brings a host of its own';
    }
  }
  return null;
}

/** Node's modules are the machine: the core and the checker have none, the server's rest few. */
function whyForbiddenPackage(path: string, specifier: string): string | null {
  if (isTest(path)) return null;
  const pure = path.startsWith('server/raft/') || path.startsWith('checker/');
  if (pure) return 'no package and no module of Node here';
  const driver =
    path.startsWith('server/') && !path.startsWith('server/host/') && path !== 'server/main.ts';
  const allowed = new Set(['node:zlib']);
  if (driver && !allowed.has(specifier)) return 'only server/host/ and server/main.ts may';
  return null;
}
