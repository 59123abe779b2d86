/**
 * The disk agent from the harness's side: a container that does what is asked of it, line by line.
 *
 * It lives as long as its connection. The disks that it has made go with it, once no container has
 * them mounted: neither a reaper nor a sweep has anything to detach.
 */
import { createInterface } from 'node:readline';
import type Docker from 'dockerode';
import type { DiskAnswer, DiskOrder } from '../../docker/disk-requests.ts';
import { DockerError, describeError, type Engine } from './docker-engine.ts';
import { type HeldContainer, startHeldContainer } from './docker-held-container.ts';
import { imageSourceRoot } from './images/images.ts';

export interface DiskAgentOptions {
  readonly runId: string;
  readonly image: string;
  readonly hostConfig: Docker.HostConfig;
}

interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

export class DiskAgent {
  readonly #container: HeldContainer;
  readonly #pending = new Map<number, Pending>();
  readonly #lastWords: string[] = [];
  #onReady: () => void = () => {};
  #sequence = 0;
  #endedBecause: string | null = null;

  private constructor(container: HeldContainer) {
    this.#container = container;
    createInterface({ input: container.stdout }).on('line', (line) => this.#take(line));
    createInterface({ input: container.stderr }).on('line', (line) => {
      this.#lastWords.push(line);
      if (this.#lastWords.length > 20) this.#lastWords.shift();
    });
    void container.ended.then((reason) => {
      this.#endedBecause = reason;
      for (const { reject } of this.#pending.values()) reject(this.#gone());
      this.#pending.clear();
    });
  }

  /** Resolves once it listens. Throws DockerError with its last words. */
  static async start(engine: Engine, options: DiskAgentOptions): Promise<DiskAgent> {
    try {
      const container = await startHeldContainer(engine, {
        ...options,
        role: 'disk-agent',
        entrypoint: ['node', `${imageSourceRoot}/disk-agent.ts`],
      });
      const agent = new DiskAgent(container);
      const ready = new Promise<null>((resolve) => {
        agent.#onReady = () => resolve(null);
      });
      const ended = await Promise.race([ready, container.ended]);
      if (ended !== null) throw agent.#gone();
      return agent;
    } catch (error) {
      if (error instanceof DockerError) throw error;
      const why = describeError(error);
      throw new DockerError('no-disk-agent', `the disk agent does not start: ${why}`, error);
    }
  }

  /** Of its container. */
  get id(): string {
    return this.#container.id;
  }

  /** What the agent answers; rejects with its refusal, and when it is gone. */
  ask(order: DiskOrder): Promise<unknown> {
    if (this.#endedBecause !== null) return Promise.reject(this.#gone());
    const id = ++this.#sequence;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#container.write(`${JSON.stringify({ ...order, id })}\n`);
    });
  }

  async stop(): Promise<void> {
    await this.#container.release();
  }

  #take(line: string): void {
    if (line === '{"ready":true}') {
      this.#onReady();
      return;
    }
    const answer = JSON.parse(line) as DiskAnswer;
    const pending = this.#pending.get(answer.id);
    this.#pending.delete(answer.id);
    if ('error' in answer) pending?.reject(new DockerError('disk-fault', answer.error));
    else pending?.resolve(answer.result);
  }

  #gone(): DockerError {
    const words = this.#lastWords.filter((line) => line.trim() !== '').join(' ');
    const why = [this.#endedBecause, words].filter((each) => each !== '').join(': ');
    return new DockerError('no-disk-agent', `the disk agent is gone: ${why}`);
  }
}
