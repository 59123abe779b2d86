/**
 * One node's container through its life: started, killed, paused, asked how it is.
 *
 * The same container is used for every incarnation, so that its log holds all of them. A kill goes
 * straight to the process where that is possible: it takes a tenth of a millisecond, not 200.
 */
import { readFileSync } from 'node:fs';
import type Docker from 'dockerode';
import type { NodeState } from '../cluster.ts';
import { copyFromContainer } from './docker-copy.ts';
import { tolerate } from './docker-engine.ts';

const stopLimitSeconds = 10;

/** One life of the process; a late report of its end must not be taken for the next one's. */
interface Incarnation {
  exitReason: string | null;
  endAskedFor: boolean;
}

export class DockerNode {
  readonly #container: Docker.Container;
  readonly #unexpectedExits: string[] = [];
  #lives = 1;
  #incarnation: Incarnation = { exitReason: null, endAskedFor: false };

  constructor(container: Docker.Container) {
    this.#container = container;
    this.#watchExit();
  }

  /** Why the current incarnation is not there any more; null while it is, or is not known to be. */
  get exitReason(): string | null {
    return this.#incarnation.exitReason;
  }

  /** Why nobody can connect to it; null where somebody may, as far as is known. */
  get whyDown(): string | null {
    const { exitReason, endAskedFor } = this.#incarnation;
    return exitReason ?? (endAskedFor ? 'it is being ended' : null);
  }

  /** How often it has been started. */
  get lives(): number {
    return this.#lives;
  }

  /** The reasons of the ends that nobody had asked for. */
  get unexpectedExits(): readonly string[] {
    return this.#unexpectedExits;
  }

  /** Running already is as good as started. */
  async start(): Promise<void> {
    await tolerate([304], this.#container.start());
    this.#lives++;
    this.#watchExit();
  }

  async stop(): Promise<void> {
    this.#incarnation.endAskedFor = true;
    await tolerate([304], this.#container.stop({ t: stopLimitSeconds }));
  }

  async pause(): Promise<void> {
    await this.#container.pause();
  }

  async resume(): Promise<void> {
    await this.#container.unpause();
  }

  /** SIGKILL; resolves when the engine, too, knows that the process is gone. */
  async kill(): Promise<void> {
    const { State: state } = await this.#container.inspect();
    if (!state.Running) return;
    this.#incarnation.endAskedFor = true;
    // Asked for first: whoever asks afterwards might wait for the exit of the next incarnation.
    const gone = this.#container.wait({ condition: 'not-running' });
    // A frozen process takes no signal until it is thawed, which the engine sees to.
    if (state.Paused || !killProcess(state.Pid, this.#container.id)) {
      // 409: it has ended on its own meanwhile.
      await tolerate([409], this.#container.kill({ signal: 'SIGKILL' }));
    }
    await gone;
  }

  async state(): Promise<NodeState> {
    const { State: state } = await this.#container.inspect();
    if (state.Paused) return 'paused';
    return state.Running ? 'running' : 'stopped';
  }

  /** Everything it wrote, in all its incarnations. */
  readLog(): Promise<Buffer> {
    return readContainerLog(this.#container);
  }

  /** A file of its own, to a file here; nothing when it has none. */
  async copyFile(path: string, target: string): Promise<void> {
    await copyFromContainer(this.#container, path, target);
  }

  #watchExit(): void {
    const incarnation: Incarnation = { exitReason: null, endAskedFor: false };
    this.#incarnation = incarnation;
    this.#container.wait({ condition: 'not-running' }).then(
      (result: unknown) => {
        const status: unknown =
          typeof result === 'object' && result !== null ? Reflect.get(result, 'StatusCode') : null;
        incarnation.exitReason = `it exited with code ${String(status)}`;
        if (!incarnation.endAskedFor) this.#unexpectedExits.push(incarnation.exitReason);
      },
      () => {
        incarnation.exitReason = 'its container is gone';
      },
    );
  }
}

/**
 * Kills the process if it is one of ours: where the engine runs in a machine of its own, its
 * process ids mean nothing here, and the same number is some other process.
 */
function killProcess(pid: number, containerId: string): boolean {
  try {
    if (!readFileSync(`/proc/${pid}/cgroup`, 'utf8').includes(containerId)) return false;
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false;
  }
}

/** Everything that a container wrote. */
export async function readContainerLog(container: Docker.Container): Promise<Buffer> {
  return demultiplexLog(await container.logs({ follow: false, stdout: true, stderr: true }));
}

/** A log comes in frames: kind (stdout or stderr), three zero bytes, a length, the text. */
function demultiplexLog(frames: Buffer): Buffer {
  const texts: Buffer[] = [];
  for (let at = 0; at + 8 <= frames.length; ) {
    const length = frames.readUInt32BE(at + 4);
    texts.push(frames.subarray(at + 8, at + 8 + length));
    at += 8 + length;
  }
  return Buffer.concat(texts);
}
