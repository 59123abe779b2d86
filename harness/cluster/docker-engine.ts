/**
 * The container engine: where it is, what it is, and the words for what goes wrong with it.
 *
 * One connection serves the whole cluster. Nothing here makes a container; the labels by which
 * everything that rafture makes is found again are named here.
 */
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import Docker from 'dockerode';

/** On every container, network and volume: the run that made it. */
export const runLabel = 'rafture.run';
/** What a container is: `node`, `fault-agent` or `reaper`. */
export const roleLabel = 'rafture.role';
/** The node that a container or a volume belongs to. */
export const nodeLabel = 'rafture.node';
/** The harness that made it, so that a sweep can see whether it still lives. */
export const harnessLabel = 'rafture.harness';
/** On images, which are kept from run to run: `base` or `server`. */
export const imageLabel = 'rafture.image';

/** What went wrong, for callers that act on it; the message is for people. */
export type DockerErrorCode =
  | 'no-engine'
  | 'remote-engine'
  | 'no-image'
  | 'no-reaper'
  | 'no-fault-agent'
  | 'no-link-proxy'
  | 'no-network'
  | 'no-disk-agent'
  | 'disk-fault'
  | 'not-ready'
  | 'wrong-state'
  | 'half-made'
  | 'ports-in-use'
  | 'interrupted';

export class DockerError extends Error {
  override readonly name = 'DockerError';
  readonly code: DockerErrorCode;
  /** What helps, where it can be told apart; the message ends with it. */
  readonly remedy: string | null;

  constructor(code: DockerErrorCode, message: string, cause?: unknown, remedy?: string) {
    const whole = remedy === undefined ? message : `${message}: ${remedy}`;
    super(whole, cause === undefined ? undefined : { cause });
    this.code = code;
    this.remedy = remedy ?? null;
  }
}

export interface Engine {
  readonly docker: Docker;
  /** The socket on this machine. */
  readonly socketPath: string;
  /** The same socket, as a container of the engine would mount it. */
  readonly mountableSocketPath: string;
  readonly version: string;
  readonly operatingSystem: string;
  /** In the words of `process.arch`. */
  readonly architecture: string;
  /** Whether packets between containers pass the hooks of IP as well (br_netfilter). */
  readonly bridgePassesIp: boolean;
}

const howToBeLetIn =
  'run as root, or join the group of the socket (sudo usermod -aG docker $USER, and log in again)';

const howToGetAnEngine =
  'install Docker and start it (Debian: apt-get install docker.io iptables; then run dockerd), ' +
  'or set DOCKER_HOST to its unix socket';

/** Finds the engine and asks it who it is. Throws a DockerError that says how to get one. */
export async function connectEngine(): Promise<Engine> {
  const socketPath = findSocket();
  const docker = new Docker({ socketPath });
  try {
    const info: unknown = await docker.info();
    const operatingSystem = textField(info, 'OperatingSystem');
    return {
      docker,
      socketPath,
      mountableSocketPath: operatingSystem.includes('Docker Desktop')
        ? '/var/run/docker.sock'
        : socketPath,
      version: textField(info, 'ServerVersion'),
      operatingSystem,
      architecture: nodeArchitecture(textField(info, 'Architecture')),
      bridgePassesIp: bridgePassesIp(info),
    };
  } catch (error) {
    throw noAnswer(socketPath, error);
  }
}

/** Whoever may not open the socket has an engine, and needs no other. */
export function noAnswer(socketPath: string, error: unknown): DockerError {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  if (code === 'EACCES' || code === 'EPERM') {
    const why = `the container engine's socket ${socketPath} may not be opened (${code})`;
    return new DockerError('no-engine', why, error, howToBeLetIn);
  }
  const why = `no container engine answers at ${socketPath} (${describeError(error)})`;
  return new DockerError('no-engine', why, error, howToGetAnEngine);
}

function findSocket(): string {
  const host = process.env['DOCKER_HOST'];
  if (host !== undefined && host !== '') {
    if (host.startsWith('unix://')) return host.slice('unix://'.length);
    throw new DockerError(
      'remote-engine',
      `DOCKER_HOST is ${host}, an engine behind the network: clients reach nodes on 127.0.0.1`,
      undefined,
      'run rafture on the machine of the engine, or unset DOCKER_HOST',
    );
  }
  const runtimeDirectory = process.env['XDG_RUNTIME_DIR'];
  const candidates = [
    '/var/run/docker.sock',
    join(homedir(), '.docker/run/docker.sock'),
    join(homedir(), '.docker/desktop/docker.sock'),
    ...(runtimeDirectory === undefined ? [] : [join(runtimeDirectory, 'docker.sock')]),
  ];
  const found = candidates.find((path) => existsSync(path));
  if (found !== undefined) return found;
  const why = 'there is no container engine here';
  throw new DockerError('no-engine', why, undefined, howToGetAnEngine);
}

/** The newest engines do not tell; where this machine is the engine's, its kernel does. */
function bridgePassesIp(info: unknown): boolean {
  if (typeof info === 'object' && info !== null && 'BridgeNfIptables' in info) {
    if (info.BridgeNfIptables === true) return true;
  }
  try {
    return readFileSync('/proc/sys/net/bridge/bridge-nf-call-iptables', 'utf8').trim() === '1';
  } catch {
    return false;
  }
}

/** `uname -m` as the engine says it, in the words of `process.arch`. */
function nodeArchitecture(machine: string): string {
  if (machine === 'x86_64' || machine === 'amd64') return 'x64';
  if (machine === 'aarch64' || machine === 'arm64') return 'arm64';
  return machine;
}

/** The engine's own words for a failed request, without the library's prefix. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message.replace(/^\(HTTP code \d+\) [^-]*- /, '').trim();
}

/** The HTTP status of a failed request; null when it failed before there was one. */
export function statusOf(error: unknown): number | null {
  if (!(error instanceof Error) || !('statusCode' in error)) return null;
  return typeof error.statusCode === 'number' ? error.statusCode : null;
}

/** Waits for a request whose failure with one of these statuses means that it is done already. */
export async function tolerate(
  statuses: readonly number[],
  request: Promise<unknown>,
): Promise<void> {
  try {
    await request;
  } catch (error) {
    const status = statusOf(error);
    if (status === null || !statuses.includes(status)) throw error;
  }
}

function textField(value: unknown, name: string): string {
  if (typeof value !== 'object' || value === null) return 'unknown';
  const field: unknown = Reflect.get(value, name);
  return typeof field === 'string' ? field : 'unknown';
}
