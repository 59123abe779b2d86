/**
 * This machine's own programs as files of an image: Node, nft, and the shared libraries they load.
 *
 * It only reads. What is not here is said with the package that brings it.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { ContextFile } from './tar.ts';

const run = promisify(execFile);

export interface HostBinaries {
  readonly files: readonly ContextFile[];
  /** `node v24.0.0, nft 1.0.6`. */
  readonly what: string;
}

const nftPlaces = ['/usr/sbin/nft', '/sbin/nft', '/usr/bin/nft', '/usr/local/sbin/nft'];

/** Why an image cannot be made of this machine's binaries; null when it can. */
export function whyNoHostImages(engineArchitecture: string): string | null {
  if (process.platform !== 'linux') {
    return `the binaries of this machine (${process.platform}) do not run in a container`;
  }
  if (process.arch !== engineArchitecture) {
    return `the engine runs ${engineArchitecture} and this machine's Node is for ${process.arch}`;
  }
  if (findNft() === null) {
    return 'nft is missing, which the fault agent needs (Debian: apt-get install nftables)';
  }
  return null;
}

export async function collectHostBinaries(): Promise<HostBinaries> {
  const nft = findNft();
  if (nft === null) throw new Error('nft is not installed (Debian: apt-get install nftables)');
  const node = process.execPath;
  const libraries = new Set([...(await sharedLibraries(node)), ...(await sharedLibraries(nft))]);
  const { stdout: version } = await run(nft, ['--version']);
  const files: ContextFile[] = [
    { path: 'usr/local/bin/node', executable: true, from: { file: node } },
    { path: 'usr/sbin/nft', executable: true, from: { file: await realpath(nft) } },
  ];
  for (const library of [...libraries].sort()) {
    // The loader looks a library up by the path that the program names, so that path is kept.
    files.push({
      path: library.slice(1),
      executable: true,
      from: { file: await realpath(library) },
    });
  }
  const nftVersion = /v?(\d+(?:\.\d+)+)/.exec(version)?.[1] ?? 'of unknown version';
  return { files, what: `node ${process.version}, nft ${nftVersion}` };
}

function findNft(): string | null {
  return nftPlaces.find((path) => existsSync(path)) ?? null;
}

/** Absolute paths of what the loader would load, itself included. */
export async function sharedLibraries(executable: string): Promise<readonly string[]> {
  let listing: string;
  try {
    ({ stdout: listing } = await run('ldd', [executable]));
  } catch (error) {
    // A static program has none, and ldd says so with an exit code of 1.
    if (error instanceof Error && /not a dynamic|statically linked/.test(error.message)) return [];
    throw error;
  }
  const missing = /^\s*(\S+) => not found/m.exec(listing)?.[1];
  if (missing !== undefined) throw new Error(`${executable} needs ${missing}, which is not here`);
  return [...listing.matchAll(/(?:=>\s*|^\s*)(\/\S+)\s+\(0x/gm)].flatMap((match) => match[1] ?? []);
}
