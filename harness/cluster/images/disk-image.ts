/**
 * The image of the disk agent: on the base, what makes and mounts the disks of the nodes.
 *
 * Of this machine's own programs, or of Debian's packages where the base is a public image. It is
 * made only for runs that harm disks.
 */
import { existsSync } from 'node:fs';
import { readFile, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Engine } from '../docker-engine.ts';
import { sharedLibraries } from './binaries.ts';
import { type BaseImage, ensureImage } from './images.ts';
import type { ContextFile } from './tar.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../../..');
const agentFiles = [
  'disk-agent.ts',
  'disk-files.ts',
  'kernel-calls.pl',
  'kernel-calls.ts',
  'loop-disk.ts',
  'sparse-files.ts',
  'write-limit.ts',
  'write-watch.ts',
];
const folders = ['/usr/sbin', '/sbin', '/usr/bin', '/bin', '/usr/local/sbin', '/usr/local/bin'];
const programs: readonly { readonly name: string; readonly from: string }[] = [
  { name: 'mke2fs', from: 'e2fsprogs' },
  { name: 'perl', from: 'perl-base' },
];

/** The tag. Throws with what is missing here, and the package that brings it. */
export async function prepareDiskImage(
  engine: Engine,
  base: BaseImage,
  onProgress: (line: string) => void,
): Promise<string> {
  const isHost = base.kind === 'host';
  const name = isHost ? 'disk.Dockerfile' : 'disk-registry.Dockerfile';
  const plan = {
    kind: 'disk',
    dockerfile: await readFile(join(root, 'docker', name), 'utf8'),
    files: [
      ...(isHost ? await collectPrograms() : []),
      ...agentFiles.map((file): ContextFile => {
        const from = { file: join(root, 'docker', file) };
        return { path: `agent/${file}`, executable: false, from };
      }),
    ],
    buildArguments: { BASE: base.tag },
  } as const;
  return ensureImage(engine, plan, onProgress);
}

async function collectPrograms(): Promise<readonly ContextFile[]> {
  const files = new Map<string, ContextFile>();
  const add = async (path: string, source: string): Promise<void> => {
    const from = { file: await realpath(source) };
    files.set(path, { path: `rootfs${path}`, executable: true, from });
  };
  for (const { name, from } of programs) {
    const program = folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
    if (program === undefined)
      throw new Error(`${name} is missing (Debian: apt-get install ${from})`);
    await add(`/usr/sbin/${name}`, program);
    for (const library of await sharedLibraries(program)) await add(library, library);
  }
  return [...files.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}
