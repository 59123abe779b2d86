/**
 * A file of a container, brought here: the engine sends it as a tar stream with one file in it.
 *
 * Streamed, because a trace may be larger than the memory. Works on a container that has ended.
 */
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type Docker from 'dockerode';
import { DockerError, statusOf } from './docker-engine.ts';

const blockBytes = 512;

/** False when the container has no such file. */
export async function copyFromContainer(
  container: Docker.Container,
  path: string,
  target: string,
): Promise<boolean> {
  let archive: NodeJS.ReadableStream;
  try {
    archive = await container.getArchive({ path });
  } catch (error) {
    if (statusOf(error) === 404) return false;
    throw error;
  }
  await pipeline(archive, firstFile, createWriteStream(target));
  return true;
}

/** The bytes of the first file in a tar stream; what else is in it is skipped. */
export async function* firstFile(
  archive: AsyncIterable<Uint8Array | string>,
): AsyncGenerator<Uint8Array> {
  let waiting: Uint8Array = new Uint8Array(0);
  /** Of the entry at hand, with its padding: bytes to come, and how many of them are the file's. */
  let [left, wanted] = [0, 0];
  let found = false;
  for await (const chunk of archive) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk, 'latin1') : chunk;
    waiting = waiting.length === 0 ? bytes : Buffer.concat([waiting, bytes]);
    while (waiting.length > 0) {
      if (left > 0) {
        const taken = waiting.subarray(0, left);
        if (wanted > 0) yield taken.subarray(0, wanted);
        wanted = Math.max(0, wanted - taken.length);
        left -= taken.length;
        waiting = waiting.subarray(taken.length);
        continue;
      }
      if (waiting.length < blockBytes) break;
      const header = Buffer.from(waiting.subarray(0, blockBytes));
      waiting = waiting.subarray(blockBytes);
      const size = Number.parseInt(header.toString('latin1', 124, 136), 8) || 0;
      const kind = header.toString('latin1', 156, 157);
      const isFile: boolean = !found && header[0] !== 0 && (kind === '0' || kind === '\0');
      found ||= isFile;
      left = Math.ceil(size / blockBytes) * blockBytes;
      wanted = isFile ? size : 0;
    }
  }
  if (!found || wanted > 0) throw new DockerError('wrong-state', 'the engine sent half a file');
}
