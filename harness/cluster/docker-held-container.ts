/**
 * A container whose standard input the harness holds: it sees the harness's death as end of input.
 *
 * That is how the fault agent and the reaper live exactly as long as the harness, however it ends:
 * the engine closes the input when the attached connection is gone. (StdinOnce)
 */
import { PassThrough } from 'node:stream';
import type Docker from 'dockerode';
import { type Engine, harnessLabel, roleLabel, runLabel, tolerate } from './docker-engine.ts';
import { describeHarness } from './docker-harness-identity.ts';

export interface HeldContainerOptions {
  readonly runId: string;
  readonly role: 'fault-agent' | 'link-proxy' | 'disk-agent' | 'reaper';
  readonly image: string;
  readonly entrypoint: readonly string[];
  /** By number; root unless told otherwise. */
  readonly user?: string;
  readonly env?: readonly string[];
  readonly hostConfig: Docker.HostConfig;
}

export interface HeldContainer {
  readonly id: string;
  readonly stdout: NodeJS.ReadableStream;
  readonly stderr: NodeJS.ReadableStream;
  write(text: string): void;
  /** Resolves, with the reason, when the connection to it has ended. */
  readonly ended: Promise<string>;
  /** Ends its input, as the harness's death would, and waits until it has ended and gone. */
  release(): Promise<void>;
  /** Removes it without asking. */
  destroy(): Promise<void>;
}

export async function startHeldContainer(
  engine: Engine,
  options: HeldContainerOptions,
): Promise<HeldContainer> {
  const container = await engine.docker.createContainer({
    name: `rafture-${options.runId}-${options.role}`,
    Image: options.image,
    Entrypoint: [...options.entrypoint],
    ...(options.user === undefined ? {} : { User: options.user }),
    Env: [...(options.env ?? [])],
    Labels: {
      [runLabel]: options.runId,
      [roleLabel]: options.role,
      [harnessLabel]: describeHarness(),
    },
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    OpenStdin: true,
    StdinOnce: true,
    HostConfig: { ...options.hostConfig, AutoRemove: true },
  });
  try {
    return await attachAndStart(engine, container);
  } catch (error) {
    // One that never ran does not remove itself.
    await container.remove({ force: true }).catch(() => {});
    throw error;
  }
}

async function attachAndStart(engine: Engine, container: Docker.Container): Promise<HeldContainer> {
  // Attached before it starts, so that nothing it says is missed.
  const connection = await container.attach({
    stream: true,
    stdin: true,
    stdout: true,
    stderr: true,
    hijack: true,
  });
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  engine.docker.modem.demuxStream(connection, stdout, stderr);
  const ended = new Promise<string>((resolve) => {
    connection.on('end', () => resolve('its connection ended'));
    connection.on('close', () => resolve('its connection closed'));
    connection.on('error', (error: Error) => resolve(error.message));
  });
  await container.start();
  return {
    id: container.id,
    stdout,
    stderr,
    ended,
    write: (text) => {
      connection.write(text);
    },
    release: async () => {
      connection.end();
      await untilRemoved(container);
    },
    destroy: async () => {
      connection.end();
      // 409: it is on its way out by itself.
      await tolerate([404, 409], container.remove({ force: true }));
      await untilRemoved(container);
    },
  };
}

/** Gone already is what it waits for. */
async function untilRemoved(container: Docker.Container): Promise<void> {
  await tolerate([404], container.wait({ condition: 'removed' }));
}
