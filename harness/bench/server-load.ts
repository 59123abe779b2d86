/**
 * The load generator (load/, a Go program): built with what Debian has, run, and its line read.
 *
 * It is built in GOPATH mode from Debian's source packages; nothing is downloaded.
 */
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export const goPackages = 'golang-go golang-etcd-server-dev etcd-server';
/** Looked for on the PATH. */
export const goProgram: string = 'go';
const sourceFolder = fileURLToPath(new URL('./load/', import.meta.url));
const debianPath = '/usr/share/gocode';

/** The generator cannot be built. The message says what to install. */
export class LoadUnavailableError extends Error {
  override readonly name = 'LoadUnavailableError';
}

export interface LoadProgram {
  readonly path: string;
  readonly goVersion: string;
  /** Whether it speaks to etcd too. */
  readonly hasEtcd: boolean;
}

/** Throws LoadUnavailableError. The program is left in `folder`. */
export function buildLoad(folder: string, wanted: { readonly etcd: boolean }): LoadProgram {
  const version = spawnSync(goProgram, ['env', 'GOVERSION'], { encoding: 'utf8' });
  if (version.status !== 0) {
    throw new LoadUnavailableError(
      `the load generator is a Go program, and there is no Go here: apt-get install ${goPackages}`,
    );
  }
  const path = join(folder, 'load');
  const hasEtcd = wanted.etcd && existsSync(join(debianPath, 'src/go.etcd.io/etcd/clientv3'));
  const files = readdirSync(sourceFolder).filter(
    (name) => name.endsWith('.go') && !name.endsWith('_test.go'),
  );
  const tags = hasEtcd ? ['-tags', 'etcd'] : [];
  const built = spawnSync(
    goProgram,
    ['build', ...tags, '-o', path, ...files.filter(isBuilt(hasEtcd))],
    {
      cwd: sourceFolder,
      encoding: 'utf8',
      env: { ...process.env, GO111MODULE: 'off', GOPATH: debianPath, GOFLAGS: '' },
    },
  );
  if (built.status !== 0) {
    throw new LoadUnavailableError(`the load generator does not build: ${built.stderr.trim()}`);
  }
  return { path, goVersion: version.stdout.trim(), hasEtcd };
}

/** A file that is named on the command line is built whatever its tags say. */
function isBuilt(hasEtcd: boolean): (name: string) => boolean {
  return (name) => hasEtcd || name !== 'etcd.go';
}

export interface LoadRequest {
  readonly store: 'resp' | 'etcd';
  readonly endpoints: readonly string[];
  readonly workload: 'write' | 'read' | 'mixed' | 'fill';
  readonly clients: number;
  /** etcd only; 0 is one for each client. */
  readonly connections?: number;
  readonly keys: number;
  readonly valueBytes: number;
  readonly warmUpMs?: number;
  readonly durationMs?: number;
  /** In place of a duration; all are counted. */
  readonly operations?: number;
  readonly pipeline?: number;
  readonly pids?: readonly number[];
  readonly seed: number;
}

export interface LoadResult {
  readonly operations: number;
  readonly errors: number;
  readonly firstError: string;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly loadCpuMs: number;
  readonly serverCpuMs: readonly number[];
  readonly machineCpuMs: number;
}

export function encodeLoadFlags(request: LoadRequest): readonly string[] {
  const numbers: readonly (readonly [string, number | undefined])[] = [
    ['clients', request.clients],
    ['connections', request.connections],
    ['keys', request.keys],
    ['value-bytes', request.valueBytes],
    ['operations', request.operations],
    ['pipeline', request.pipeline],
    ['seed', request.seed],
  ];
  const durations: readonly (readonly [string, number | undefined])[] = [
    ['warm-up', request.warmUpMs],
    ['duration', request.durationMs],
  ];
  return [
    `-store=${request.store}`,
    `-endpoints=${request.endpoints.join(',')}`,
    `-workload=${request.workload}`,
    ...numbers.flatMap(([name, value]) => (value === undefined ? [] : [`-${name}=${value}`])),
    ...durations.flatMap(([name, value]) => (value === undefined ? [] : [`-${name}=${value}ms`])),
    `-pids=${(request.pids ?? []).join(',')}`,
  ];
}

export function runLoad(program: LoadProgram, request: LoadRequest): Promise<LoadResult> {
  const args = ['run', ...encodeLoadFlags(request)];
  return new Promise((resolve, reject) => {
    execFile(program.path, args, { encoding: 'utf8' }, (error, stdout, stderr) => {
      if (error !== null) reject(new Error(`the load generator failed: ${stderr.trim()}`));
      else resolve(parseLoadResult(stdout));
    });
  });
}

/** Each key is written once, so that each read finds a value. */
export async function fillKeys(
  program: LoadProgram,
  request: Pick<
    LoadRequest,
    'store' | 'endpoints' | 'connections' | 'keys' | 'valueBytes' | 'seed'
  >,
): Promise<void> {
  const { keys } = request;
  const filling = { workload: 'fill', clients: Math.min(64, keys), operations: keys } as const;
  const result = await runLoad(program, { ...request, ...filling });
  if (result.errors > 0) throw new Error(`cannot write the keys: ${result.firstError}`);
}

/** Throws for anything but the line that `load run` prints. */
export function parseLoadResult(line: string): LoadResult {
  const told = parseRecord(line);
  const number = (name: string): number => {
    const value = told[name];
    if (typeof value !== 'number') throw new Error(`no ${name} in the generator's ${line.trim()}`);
    return value;
  };
  const serverCpuMs = told['serverCpuMs'];
  if (!Array.isArray(serverCpuMs)) throw new Error(`no serverCpuMs in ${line.trim()}`);
  return {
    operations: number('operations'),
    errors: number('errors'),
    firstError: String(told['firstError'] ?? ''),
    seconds: number('seconds'),
    p50Ms: number('p50Ms'),
    p99Ms: number('p99Ms'),
    maxMs: number('maxMs'),
    loadCpuMs: number('loadCpuMs'),
    serverCpuMs: serverCpuMs.map(Number),
    machineCpuMs: number('machineCpuMs'),
  };
}

function parseRecord(line: string): Readonly<Record<string, unknown>> {
  const told: unknown = JSON.parse(line);
  if (typeof told !== 'object' || told === null) throw new Error(`not a record: ${line.trim()}`);
  return { ...told };
}

export interface Comeback {
  /** From the kill to the first answered write that was sent after it; null when none came. */
  readonly msUntilOk: number | null;
  /** Answered since the kill before this one. */
  readonly writesBefore: number;
}

export function parseComeback(line: string): Comeback {
  const { msUntilOk, writesBefore } = parseRecord(line);
  if (typeof writesBefore !== 'number') throw new Error(`not a comeback: ${line.trim()}`);
  return { msUntilOk: typeof msUntilOk === 'number' ? msUntilOk : null, writesBefore };
}

/** Writers that never end, and that kill whom they are told to. */
export class FailoverLoad {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(program: LoadProgram, request: LoadRequest) {
    this.#child = spawn(program.path, ['failover', ...encodeLoadFlags(request)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const { stdout } = this.#child;
    if (stdout === null) throw new Error('the load generator has no standard output');
    this.#lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  }

  async kill(pid: number, address: string): Promise<Comeback> {
    this.#child.stdin?.write(`kill ${pid} ${address}\n`);
    const line = await this.#lines.next();
    if (line.done === true) throw new Error('the load generator ended');
    return parseComeback(line.value);
  }

  stop(): void {
    this.#child.stdin?.end();
    this.#child.kill();
  }
}
