/**
 * The link proxy, from the harness's side: starts its container, asks it, and reads its answers.
 *
 * It keeps what dropping packets cannot: delay, rate and hold (docker/link-proxy.ts). Started only
 * for a run that will use one of these; nothing passes through it until the fault agent's rules
 * lead it there.
 */
import { createInterface } from 'node:readline';
import type { Link } from '../cluster.ts';
import { DockerError, describeError, type Engine } from './docker-engine.ts';
import { type HeldContainer, startHeldContainer } from './docker-held-container.ts';
import {
  type LineModes,
  type ProxyAnswer,
  type ProxyRequest,
  proxyUser,
} from './docker-link-protocol.ts';
import { imageSourceRoot } from './images/images.ts';

/** An answer takes a millisecond. One that does not come at all is a broken proxy. */
const answerDeadlineMs = 10_000;

interface Waiting {
  readonly resolve: (line: string) => void;
  readonly reject: (error: Error) => void;
}

export class LinkProxy {
  readonly #container: HeldContainer;
  readonly #waiting: Waiting[] = [];
  readonly #errors: string[] = [];
  #endedBecause: string | null = null;

  private constructor(container: HeldContainer) {
    this.#container = container;
    createInterface({ input: container.stdout }).on('line', (line) => {
      this.#waiting.shift()?.resolve(line);
    });
    createInterface({ input: container.stderr }).on('line', (line) => this.#errors.push(line));
    void container.ended.then((reason) => {
      this.#endedBecause = this.#errors.find((line) => line.includes('Error')) ?? reason;
      for (const { reject } of this.#waiting.splice(0)) reject(this.#gone());
    });
  }

  static async start(
    engine: Engine,
    options: { readonly runId: string; readonly image: string },
  ): Promise<LinkProxy> {
    try {
      const container = await startHeldContainer(engine, {
        ...options,
        role: 'link-proxy',
        entrypoint: ['node', `${imageSourceRoot}/docker/link-proxy.ts`],
        user: String(proxyUser),
        hostConfig: { NetworkMode: 'host', CapDrop: ['ALL'], ReadonlyRootfs: true },
      });
      const proxy = new LinkProxy(container);
      const first = await proxy.#nextLine();
      if (first !== 'ready') throw new Error(`it says ${first}`);
      return proxy;
    } catch (error) {
      const why = describeError(error);
      throw new DockerError('no-link-proxy', `the link proxy does not start: ${why}`, error);
    }
  }

  /** Waits at `host` for each of the openings; resolves with the ports, in their order. */
  async open(
    host: string,
    openings: readonly (Link & { readonly port: number })[],
  ): Promise<readonly number[]> {
    return (await this.#ask({ type: 'open', host, openings })).ports;
  }

  /** From now on exactly these directions have modes. */
  setModes(lines: readonly LineModes[]): Promise<ProxyAnswer> {
    return this.#ask({ type: 'modes', lines });
  }

  /** Connections of these openings end soon, once what they carry has passed. */
  async end(openings: readonly Link[]): Promise<void> {
    await this.#ask({ type: 'end', openings });
  }

  read(): Promise<ProxyAnswer> {
    return this.#ask({ type: 'read' });
  }

  async #ask(request: ProxyRequest): Promise<ProxyAnswer> {
    const answer = this.#nextLine();
    this.#container.write(`${JSON.stringify(request)}\n`);
    const parsed = parseAnswer(await answer);
    if (parsed.error === null) return parsed;
    throw new DockerError('no-link-proxy', `the link proxy refuses: ${parsed.error}`);
  }

  /** Answers come in the order of the questions. */
  #nextLine(): Promise<string> {
    if (this.#endedBecause !== null) return Promise.reject(this.#gone());
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    this.#waiting.push({ resolve, reject });
    const timer = setTimeout(
      () => reject(new DockerError('no-link-proxy', 'the link proxy does not answer')),
      answerDeadlineMs,
    );
    return promise.finally(() => clearTimeout(timer));
  }

  #gone(): DockerError {
    return new DockerError('no-link-proxy', `the link proxy is gone: ${this.#endedBecause}`);
  }
}

/** Our own program, of the same sources, wrote it: only that it is an answer is looked at. */
function parseAnswer(line: string): ProxyAnswer {
  const answer: unknown = JSON.parse(line);
  if (typeof answer !== 'object' || answer === null || !('lines' in answer)) {
    throw new DockerError('no-link-proxy', `the link proxy says ${line}`);
  }
  return answer as ProxyAnswer;
}
