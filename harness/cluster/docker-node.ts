/**
 * One node through its lives: started, killed, paused, asked how it is.
 *
 * The same container is used for every life, so that its log holds all of them; only another
 * version takes another container, with the same volume, address and port. A kill goes straight to
 * the process where that is possible: it takes a tenth of a millisecond, not 200.
 */
import { readFileSync } from 'node:fs';
import type Docker from 'dockerode';
import type { Excuse, NodeState } from '../cluster.ts';
import { copyFromContainer } from './docker-copy.ts';
import { DockerError, describeError, type Engine, statusOf, tolerate } from './docker-engine.ts';
import { followLines } from './docker-log-lines.ts';
import { Excuses } from './excuses.ts';

const stopLimitSeconds = 10;

export interface DockerNodeOptions {
  readonly engine: Engine;
  readonly name: string;
  /** In the container, where it writes its trace; null: it writes none. */
  readonly traceFile: string | null;
  readonly onLine: (line: string) => void;
  /** Makes a container of this image and starts it; calls back between the two. */
  make(image: string, onCreated: (id: string) => Promise<void>): Promise<void>;
}

/** One life of the process; a late report of its end must not be taken for the next one's. */
interface Incarnation {
  exitReason: string | null;
  endAskedFor: boolean;
  /** As this machine counts; null where the engine counts otherwise, or was not asked yet. */
  pid: number | null;
  isPaused: boolean;
  /** Taken back after its end, or when nobody knew yet whether it had ended. */
  readonly excuses: Excuses;
  isStarted: boolean;
  /** Settled when the engine has started it, or has failed to. */
  readonly started: PromiseWithResolvers<void>;
  readonly ended: PromiseWithResolvers<void>;
}

export class DockerNode {
  readonly #options: DockerNodeOptions;
  readonly #unexpectedExits: string[] = [];
  readonly #excuses = new Excuses();
  /** What the containers of earlier versions wrote. */
  readonly #earlierLogs: Buffer[] = [];
  #container: Docker.Container | null = null;
  #image = '';
  #lives = 0;
  #incarnation: Incarnation | null = null;

  constructor(options: DockerNodeOptions) {
    this.#options = options;
  }

  /** Of its container. */
  get id(): string {
    return this.#existing().id;
  }

  /** Why the current incarnation is not there any more; null while it is, or is not known to be. */
  get exitReason(): string | null {
    return this.#incarnation?.exitReason ?? null;
  }

  /** Why nobody can connect to it; null where somebody may, as far as is known. */
  get whyDown(): string | null {
    if (this.#incarnation === null) return 'it has not been started';
    const { exitReason, endAskedFor, isStarted } = this.#incarnation;
    if (exitReason !== null || !isStarted) return exitReason ?? 'it is being started';
    return endAskedFor ? 'it is being ended' : null;
  }

  /** How often it has been started. */
  get lives(): number {
    return this.#lives;
  }

  /** The reasons of the ends that nobody had asked for. */
  get unexpectedExits(): readonly string[] {
    return this.#unexpectedExits;
  }

  /** Running already is as good as started. Another image than its last one: another container. */
  async start(image: string): Promise<void> {
    if (this.#container !== null && (await this.#isRunning())) return;
    const life = newLife();
    this.#incarnation = life;
    try {
      if (this.#container === null) await this.#make(image, null);
      else if (image !== this.#image) await this.#remake(image);
      else await this.#startAgain(this.#container);
      life.isStarted = true;
      this.#lives++;
      this.#watchExit(life, this.#existing());
    } catch (error) {
      life.exitReason = 'the engine did not start it';
      throw error;
    } finally {
      life.started.resolve();
    }
  }

  async stop(): Promise<void> {
    if (this.#container === null) return;
    if (this.#incarnation !== null) this.#incarnation.endAskedFor = true;
    await tolerate([304], this.#container.stop({ t: stopLimitSeconds }));
  }

  async pause(): Promise<void> {
    await pauseContainer(this.#existing());
    if (this.#incarnation !== null) this.#incarnation.isPaused = true;
  }

  async resume(): Promise<void> {
    await this.#existing().unpause();
    if (this.#incarnation !== null) this.#incarnation.isPaused = false;
  }

  /** As pause, also where it is paused already, or not there any more. */
  async freeze(): Promise<void> {
    await tolerate([409], pauseContainer(this.#existing()));
    if (this.#incarnation !== null) this.#incarnation.isPaused = true;
  }

  /** SIGKILL; resolves when the engine, too, knows that the process is gone. */
  async kill(): Promise<void> {
    const life = this.#incarnation;
    // Its first words may come before the engine says that it has started it.
    await life?.started.promise;
    if (life === null || life.exitReason !== null) return;
    const container = this.#existing();
    // A frozen process takes no signal until it is thawed, which the engine sees to.
    if (life.isPaused || !killLife(life, container.id)) {
      const { State: state } = await container.inspect();
      if (!state.Running) return;
      life.endAskedFor = true;
      if (state.Paused || !killProcess(state.Pid, container.id)) {
        // 409: it has ended on its own meanwhile.
        await tolerate([409], container.kill({ signal: 'SIGKILL' }));
      }
    }
    await life.ended.promise;
  }

  async state(): Promise<NodeState> {
    if (this.#container === null) return 'stopped';
    const { State: state } = await this.#container.inspect();
    if (state.Paused) return 'paused';
    return state.Running ? 'running' : 'stopped';
  }

  /** As the engine counts; null when it does not run. */
  async processId(): Promise<number | null> {
    if (this.#container === null) return null;
    const { State: state } = await this.#container.inspect();
    return state.Running ? state.Pid : null;
  }

  /** Until the returned function is called, an end that the excuse covers is none that is told. */
  mayEnd(excuse: Excuse): () => void {
    const takeBack = this.#excuses.add(excuse);
    let isOver = false;
    return () => {
      const life = this.#incarnation;
      if (isOver) return;
      isOver = true;
      takeBack();
      if (life === null || life.exitReason !== null) return;
      // The engine tells of an end some 200 ms later: it may have come while it still might.
      const takeBackLate = life.excuses.add(excuse);
      this.#isAlive(life).then(
        (isAlive) => {
          if (isAlive) takeBackLate();
        },
        () => {},
      );
    };
  }

  /** Everything it wrote, in all its incarnations. */
  async readLog(): Promise<Buffer> {
    if (this.#container === null) return Buffer.alloc(0);
    return Buffer.concat([...this.#earlierLogs, await readContainerLog(this.#container)]);
  }

  /** A file of its own, to a file here; nothing when it has none. */
  async copyFile(path: string, target: string): Promise<void> {
    if (this.#container !== null) await copyFromContainer(this.#container, path, target);
  }

  async #startAgain(container: Docker.Container): Promise<void> {
    await followLines(this.#options.engine, container, this.#options.onLine);
    await tolerate([304], container.start());
  }

  async #make(image: string, before: Docker.Container | null): Promise<void> {
    const { engine, onLine, traceFile } = this.#options;
    await this.#options.make(image, async (id) => {
      const container = engine.docker.getContainer(id);
      this.#container = container;
      this.#image = image;
      if (before !== null && traceFile !== null) await handOn(before, container, traceFile);
      await followLines(engine, container, onLine);
    });
  }

  /** Names are given once, so the old container gives its own away before it goes. */
  async #remake(image: string): Promise<void> {
    const old = this.#existing();
    this.#earlierLogs.push(await readContainerLog(old));
    await old.rename({ name: `${this.#options.name}-${this.#lives}` });
    await this.#make(image, old);
    await old.remove({ force: true });
  }

  #existing(): Docker.Container {
    if (this.#container !== null) return this.#container;
    throw new DockerError('wrong-state', `${this.#options.name} has never been started`);
  }

  async #isRunning(): Promise<boolean> {
    return (await this.#existing().inspect()).State.Running;
  }

  /** Asked of the process itself where that is possible: the engine learns of its end later. */
  async #isAlive({ pid }: Incarnation): Promise<boolean> {
    if (!(await this.#isRunning())) return false;
    return pid === null || isProcessOf(pid, this.id);
  }

  #watchExit(life: Incarnation, container: Docker.Container): void {
    container.wait({ condition: 'not-running' }).then(
      (result: unknown) => {
        const status: unknown =
          typeof result === 'object' && result !== null ? Reflect.get(result, 'StatusCode') : null;
        const reason = `it exited with code ${String(status)}`;
        life.exitReason = reason;
        const isExcused = [this.#excuses, life.excuses].some((each) => each.cover(reason));
        if (!life.endAskedFor && !isExcused) this.#unexpectedExits.push(reason);
        life.ended.resolve();
      },
      () => {
        life.exitReason = 'its container is gone';
        life.ended.resolve();
      },
    );
    container.inspect().then(
      ({ State: state }) => {
        if (state.Running && isProcessOf(state.Pid, container.id)) life.pid = state.Pid;
      },
      () => {},
    );
  }
}

function newLife(): Incarnation {
  return {
    ...{ exitReason: null, endAskedFor: false, pid: null },
    ...{ isPaused: false, excuses: new Excuses(), isStarted: false },
    started: Promise.withResolvers(),
    ended: Promise.withResolvers(),
  };
}

/** A file of one container is in the other as well; nothing when there is none. */
async function handOn(from: Docker.Container, to: Docker.Container, path: string): Promise<void> {
  let archive: NodeJS.ReadableStream;
  try {
    archive = await from.getArchive({ path });
  } catch (error) {
    if (statusOf(error) === 404) return;
    throw error;
  }
  await to.putArchive(archive, { path: path.slice(0, path.lastIndexOf('/')) || '/' });
}

/**
 * Whether the process is one of ours: where the engine runs in a machine of its own, its process
 * ids mean nothing here, and the same number is some other process.
 */
function isProcessOf(pid: number, containerId: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cgroup`, 'utf8').includes(containerId);
  } catch {
    return false;
  }
}

/** At once, where its process is known here. */
function killLife(life: Incarnation, containerId: string): boolean {
  if (life.pid === null || !killProcess(life.pid, containerId)) return false;
  life.endAskedFor = true;
  return true;
}

function killProcess(pid: number, containerId: string): boolean {
  try {
    return isProcessOf(pid, containerId) && process.kill(pid, 'SIGKILL');
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

const freezeAttempts = 5;

/** The freezer of a busy machine may give up half-way; it can be asked again. */
async function pauseContainer(container: Docker.Container): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await container.pause();
      return;
    } catch (error) {
      const isAtOdds = /unable to freeze/i.test(describeError(error));
      if (!isAtOdds || attempt === freezeAttempts) throw error;
    }
  }
}
