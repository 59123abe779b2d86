/** A helper in a network namespace (netns-helper.ts), as the harness holds it: a child process. */
import { type ChildProcess, type SendHandle, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { type HelperAnswer, type HelperRequest, systemPath } from './netns-protocol.ts';

/** What is started by its path: JavaScript in a package, TypeScript in a checkout. */
const script = fileURLToPath(new URL('./netns-helper.ts', import.meta.url));

interface Pending {
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: Error) => void;
}

interface Outcome {
  readonly answer: HelperAnswer;
  readonly socket: Socket | null;
}

export class NetnsHelper {
  readonly #child: ChildProcess;
  readonly #pending = new Map<number, Pending>();
  #nextId = 0;
  #complaint = '';
  #endedBecause: string | null = null;

  /** The entrance is a command that runs what comes after it in its place. */
  constructor([program = '', ...args]: readonly string[]) {
    this.#child = spawn(program, [...args, process.execPath, script], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env: { ...process.env, PATH: systemPath },
      // A Ctrl-C at the terminal is the harness's business.
      detached: true,
    });
    this.#child.stderr?.on('data', (bytes: Buffer) => {
      this.#complaint = `${this.#complaint}${bytes.toString('utf8')}`.slice(-2000);
    });
    this.#child.on('message', (answer: HelperAnswer, handle: SendHandle | undefined) => {
      const pending = this.#pending.get(answer.id);
      this.#pending.delete(answer.id);
      const socket = handle instanceof Socket ? handle : null;
      if (pending === undefined) socket?.destroy();
      else if (answer.error !== null) pending.reject(new Error(answer.error));
      else pending.resolve({ answer, socket });
    });
    this.#child.on('error', (error) => this.#end(error.message));
    // After its last words.
    this.#child.on('close', (code, signal) => this.#end(`it ended with ${signal ?? code}`));
  }

  /** Of the helper itself: a command that is its place, not a process before it. */
  get processId(): number {
    return this.#child.pid ?? 0;
  }

  async request(request: HelperRequest): Promise<HelperAnswer> {
    return (await this.#ask(request)).answer;
  }

  /** Rejects when nobody listens, and after the limit. */
  async connect(
    request: Omit<Extract<HelperRequest, { readonly type: 'connect' }>, 'type'>,
    limitMs: number,
  ): Promise<Socket> {
    const { socket } = await this.#ask({ type: 'connect', ...request }, limitMs);
    if (socket === null) throw new Error('the connection was closed at once');
    return socket;
  }

  async stop(): Promise<void> {
    if (this.#endedBecause !== null) return;
    const closed = once(this.#child, 'close');
    this.#child.kill('SIGKILL');
    await closed;
  }

  #ask(request: HelperRequest, limitMs: number | null = null): Promise<Outcome> {
    const id = this.#nextId++;
    return new Promise<Outcome>((resolve, reject) => {
      if (this.#endedBecause !== null) {
        reject(this.#gone());
        return;
      }
      let timer: NodeJS.Timeout | undefined;
      if (limitMs !== null) {
        timer = setTimeout(() => {
          this.#pending.delete(id);
          reject(new Error(`a new connection is not answered within ${limitMs / 1000} s`));
        }, limitMs);
      }
      this.#pending.set(id, {
        resolve: (outcome) => {
          clearTimeout(timer);
          resolve(outcome);
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      });
      this.#child.send({ id, ...request }, (error) => {
        // Its last words, if any, say more than that nobody reads.
        if (error !== null) this.#child.kill('SIGKILL');
      });
    });
  }

  #end(reason: string): void {
    this.#endedBecause ??= reason;
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject } of pending) reject(this.#gone());
  }

  #gone(): Error {
    const words = this.#complaint.trim().split('\n').slice(-3).join(' | ');
    const said = words === '' ? '' : `: ${words}`;
    return new Error(`the helper in its network namespace is gone, ${this.#endedBecause}${said}`);
  }
}
