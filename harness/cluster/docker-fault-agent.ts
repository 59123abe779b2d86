/**
 * The fault agent: one container in the engine's network with `nft -i` at the end of a connection.
 *
 * Each change is one transaction, and is read back before it counts. The agent lives as long as
 * the connection: a harness that dies heals every cut.
 */
import { DockerError, describeError, type Engine } from './docker-engine.ts';
import { type HeldContainer, startHeldContainer } from './docker-held-container.ts';
import {
  type AddressPair,
  describeCut,
  describeSetup,
  parseTable,
  samePairs,
  type TableReading,
} from './docker-nft.ts';

/** An answer takes a millisecond. One that does not come at all is a broken agent. */
const answerDeadlineMs = 10_000;

interface Pending {
  readonly marker: string;
  readonly wantsTable: boolean;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

interface Answer {
  readonly errors: string;
  readonly table: TableReading | null;
}

export class FaultAgent {
  readonly #container: HeldContainer;
  readonly #table: string;
  #stdout = '';
  #stderr = '';
  #sequence = 0;
  #pending: Pending | null = null;
  #queue: Promise<unknown> = Promise.resolve();
  #endedBecause: string | null = null;

  private constructor(container: HeldContainer, table: string) {
    this.#container = container;
    this.#table = table;
    container.stdout.on('data', (chunk: Buffer) => {
      this.#stdout += chunk.toString('utf8');
      this.#settle();
    });
    container.stderr.on('data', (chunk: Buffer) => {
      this.#stderr += chunk.toString('utf8');
      this.#settle();
    });
    void container.ended.then((reason) => {
      this.#endedBecause = reason;
      this.#pending?.reject(this.#gone());
    });
  }

  /** Starts the agent and tries it: a cut is set, read back and taken away. */
  static async start(
    engine: Engine,
    options: { readonly runId: string; readonly image: string },
  ): Promise<FaultAgent> {
    try {
      const container = await startHeldContainer(engine, {
        ...options,
        role: 'fault-agent',
        entrypoint: ['nft', '-i'],
        hostConfig: { NetworkMode: 'host', CapDrop: ['ALL'], CapAdd: ['NET_ADMIN'] },
      });
      const table = `rafture_${options.runId.replace(/[^A-Za-z0-9]/g, '_')}`;
      const agent = new FaultAgent(container, table);
      try {
        await agent.#probe();
      } catch (error) {
        await agent.stop();
        throw error;
      }
      return agent;
    } catch (error) {
      if (error instanceof DockerError) throw error;
      const why = describeError(error);
      throw new DockerError('no-fault-agent', `the fault agent does not start: ${why}`, error);
    }
  }

  async #probe(): Promise<void> {
    // What nft says of the terminal that it does not have comes before its first answer.
    await this.#ask('', false);
    const setup = await this.#ask(describeSetup(this.#table), true);
    if (setup.table === null || setup.errors !== '') {
      throw new DockerError(
        'no-fault-agent',
        `the engine's kernel refuses the rules of the fault agent: ${setup.errors}`,
      );
    }
    // Addresses that are set aside for examples: nobody's traffic.
    await this.setCut([
      { from: '203.0.113.1', to: '203.0.113.2' },
      { from: '203.0.113.2', to: '203.0.113.1' },
      { from: '203.0.113.1', to: '203.0.113.3' },
    ]);
    await this.setCut([]);
  }

  /** From now on exactly these pairs are cut; throws unless the kernel then says so. */
  async setCut(cut: readonly AddressPair[]): Promise<TableReading> {
    const { errors, table } = await this.#ask(describeCut(this.#table, cut), true);
    if (errors !== '' || table === null) {
      throw new DockerError('no-fault-agent', `nft did not take the cut: ${errors}`);
    }
    if (!samePairs(cut, table.cut)) {
      const read = JSON.stringify(table.cut);
      throw new DockerError('no-fault-agent', `asked for ${JSON.stringify(cut)}, read ${read}`);
    }
    return table;
  }

  async read(): Promise<TableReading> {
    const { errors, table } = await this.#ask('', true);
    if (table !== null) return table;
    throw new DockerError('no-fault-agent', `nft does not list its table: ${errors}`);
  }

  /** Ends the agent; its table goes with it. */
  async stop(): Promise<void> {
    await this.#container.release();
  }

  /** One request at a time, in the order of the calls. */
  #ask(command: string, wantsTable: boolean): Promise<Answer> {
    const asked = this.#queue.then(() => this.#askNow(command, wantsTable));
    this.#queue = asked.catch(() => {});
    return asked;
  }

  async #askNow(command: string, wantsTable: boolean): Promise<Answer> {
    if (this.#endedBecause !== null) throw this.#gone();
    this.#stdout = '';
    this.#stderr = '';
    this.#sequence++;
    // nft has no prompt on a pipe. The error about a table that is not there marks the end.
    const marker = `no_such_${this.#table}_${this.#sequence}`;
    const lines = [
      ...(command === '' ? [] : [command]),
      ...(wantsTable ? [`list table bridge ${this.#table}`] : []),
      `list table bridge ${marker}`,
    ];
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<Answer>((resolve, reject) => {
        this.#pending = { marker, wantsTable, resolve, reject };
        timer = setTimeout(() => reject(new Error('nft does not answer')), answerDeadlineMs);
        this.#container.write(`${lines.join('\n')}\n`);
      });
    } finally {
      clearTimeout(timer);
      this.#pending = null;
    }
  }

  /** Errors and listings come by two pipes: an answer is complete when both have come. */
  #settle(): void {
    const pending = this.#pending;
    if (pending === null) return;
    const end = this.#stderr.indexOf(`list table bridge ${pending.marker}\n`);
    if (end < 0) return;
    const errors = cleanErrors(this.#stderr.slice(0, end));
    const table = parseTable(this.#stdout, this.#table);
    if (table === null && pending.wantsTable && errors === '') return;
    pending.resolve({ errors, table });
  }

  #gone(): DockerError {
    return new DockerError('no-fault-agent', `the fault agent is gone: ${this.#endedBecause}`);
  }
}

/** On one line, without the head of the marker's own error. */
function cleanErrors(text: string): string {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '' && !/^\s*\^+$/.test(line))
    .filter((line) => !line.startsWith('Error: No such file or directory'))
    .join(' ')
    .trim();
}
