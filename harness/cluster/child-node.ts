/**
 * A node as a child process: started, signalled, and asked of the operating system.
 *
 * Its output goes to a file through all its incarnations; its standard input is a pipe from here,
 * whose end tells it that its harness is gone.
 */
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as nextMillisecond } from 'node:timers/promises';
import { execa } from 'execa';
import type { Excuse, NodeState } from '../cluster.ts';
import { Excuses } from './excuses.ts';

interface Incarnation {
  readonly pid: number | undefined;
  /** Resolves when the process is gone. */
  readonly gone: Promise<void>;
  kill(signal: NodeJS.Signals): void;
}

export class ChildNode {
  readonly logPath: string;
  #incarnation: Incarnation | null = null;
  #exitReason: string | null = 'it was never started';
  #endAskedFor = false;
  readonly #excuses = new Excuses();
  /** Of an end in this life that nobody here may have been told of when they were taken back. */
  #lateExcuses = new Excuses();
  readonly #unexpectedExits: string[] = [];
  #lives = 0;

  constructor(logPath: string) {
    this.logPath = logPath;
    mkdirSync(dirname(logPath), { recursive: true });
    closeSync(openSync(logPath, 'a'));
  }

  /** Why the process is not there; null while it is. Holds the last line of its log. */
  get exitReason(): string | null {
    return this.#exitReason;
  }

  get pid(): number | null {
    const pid = this.#incarnation?.pid;
    return pid === undefined || stateOf(pid) === 'stopped' ? null : pid;
  }

  /** How often it has been started. */
  get lives(): number {
    return this.#lives;
  }

  /** The reasons of the ends that nobody had asked for. */
  get unexpectedExits(): readonly string[] {
    return this.#unexpectedExits;
  }

  /** An end that the excuse covers is no surprise until the returned function is called. */
  mayEnd(excuse: Excuse): () => void {
    const takeBack = this.#excuses.add(excuse);
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      takeBack();
      // It may have ended, and nobody here has been told yet.
      if (this.pid === null) this.#lateExcuses.add(excuse);
    };
  }

  /** The executable and its arguments. Rejects when the node runs already. */
  async start([executable = '', ...args]: readonly string[]): Promise<void> {
    if (this.pid !== null) throw new Error('the node runs already');
    // Its end may be a moment younger than what the operating system says of it.
    await this.#incarnation?.gone;
    this.#exitReason = null;
    this.#endAskedFor = false;
    this.#lateExcuses = new Excuses();
    this.#lives++;
    const log = { file: this.logPath, append: true };
    const child = execa(executable, args, {
      stdin: 'pipe',
      stdout: log,
      stderr: log,
      reject: false,
      buffer: false,
      env: { RAFTURE_PARENT_PIPE: '1' },
      // A Ctrl-C at the terminal is the harness's business: it stops its nodes itself.
      detached: true,
    });
    child.stdin?.on('error', () => {});
    const gone = child.then((result) => {
      this.#incarnation = null;
      const lastLine = this.#lastLogLine();
      const words = lastLine === '' ? '' : `; its last line: ${lastLine}`;
      const reason = `it ended with ${result.signal ?? `exit code ${result.exitCode}`}${words}`;
      this.#exitReason = reason;
      const isExcused = [this.#excuses, this.#lateExcuses].some((each) => each.cover(reason));
      if (!this.#endAskedFor && !isExcused) this.#unexpectedExits.push(reason);
    });
    this.#incarnation = { pid: child.pid, gone, kill: (signal) => child.kill(signal) };
  }

  /** Sends the signal and resolves when the process is gone; at once when it is already. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const incarnation = this.#incarnation;
    if (incarnation === null) return;
    // What has ended by itself before was not asked to.
    if (this.pid !== null) this.#endAskedFor = true;
    incarnation.kill(signal);
    await incarnation.gone;
  }

  /** Resolves when the operating system has frozen the process, not just been asked to. */
  async pause(): Promise<void> {
    this.#incarnation?.kill('SIGSTOP');
    await this.#untilState('paused');
  }

  async resume(): Promise<void> {
    this.#incarnation?.kill('SIGCONT');
    await this.#untilState('running');
  }

  state(): Promise<NodeState> {
    const pid = this.#incarnation?.pid;
    if (pid === undefined) return Promise.resolve('stopped');
    return Promise.resolve(stateOf(pid));
  }

  /** A signal takes a moment to be acted upon; gives up after a second, for the caller to see. */
  async #untilState(state: NodeState): Promise<void> {
    for (let attempt = 0; attempt < 1000; attempt++) {
      if ((await this.state()) === state) return;
      await nextMillisecond(1);
    }
  }

  #lastLogLine(): string {
    try {
      return readFileSync(this.logPath, 'utf8').trimEnd().split('\n').at(-1) ?? '';
    } catch {
      return '';
    }
  }
}

/** From /proc where there is one; elsewhere a process that exists counts as running. */
function stateOf(pid: number): NodeState {
  try {
    process.kill(pid, 0);
  } catch {
    return 'stopped';
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const letter = stat.slice(stat.lastIndexOf(')') + 2)[0];
    if (letter === 'T' || letter === 't') return 'paused';
    return letter === 'Z' || letter === 'X' ? 'stopped' : 'running';
  } catch {
    return 'running';
  }
}
