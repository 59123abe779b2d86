/** The lines that a container writes, as they come; attached before it starts, none is missed. */

import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import type Docker from 'dockerode';
import type { Engine } from './docker-engine.ts';

/** Resolves once it listens; it ends with this life of the container. */
export async function followLines(
  engine: Engine,
  container: Docker.Container,
  onLine: (line: string) => void,
): Promise<void> {
  const connection = await container.attach({ stream: true, stdout: true, stderr: true });
  const outputs = [new PassThrough(), new PassThrough()] as const;
  engine.docker.modem.demuxStream(connection, ...outputs);
  for (const input of outputs) createInterface({ input }).on('line', onLine);
  const end = (): void => {
    for (const output of outputs) output.end();
  };
  connection.on('end', end);
  connection.on('close', end);
  // What the container writes is in its log in any case.
  connection.on('error', end);
}
