/**
 * The fault agent: `nft -i` at the end of two pipes, in the network whose packets it may drop.
 *
 * Each change is one transaction, and is read back before it counts. The agent lives as long as
 * its input: a harness that dies takes every rule along.
 */
import { clientsEnd, type LinkRule } from '../cluster.ts';
import { sameRules } from '../nemesis/desired-network.ts';
import { isProxied } from './docker-link-protocol.ts';
import {
  describeBridgeSetup,
  describeIpSetup,
  describeOpening,
  describeRules,
  type LinkPlan,
  proxiedOpenings,
} from './docker-nft.ts';
import { findListing, parseTables, type TablesReading } from './docker-nft-listing.ts';

/** Of `nft -i`: in a container, or a child process. */
export interface NftProcess {
  readonly stdout: NodeJS.ReadableStream;
  readonly stderr: NodeJS.ReadableStream;
  write(text: string): void;
  /** Resolves, with the reason, when it is gone. */
  readonly ended: Promise<string>;
  /** Ends its input, and waits until it has gone. */
  release(): Promise<void>;
}

/** The error that is thrown when it cannot do what it was asked for. */
export type NftFailure = (why: string) => Error;

/** An answer takes a millisecond. One that does not come at all is a broken agent. */
const answerDeadlineMs = 10_000;

interface Pending {
  readonly marker: string;
  /** Tables whose listings belong to the answer. */
  readonly tables: readonly string[];
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

interface Answer {
  readonly errors: string;
  /** The listings that came, in the order of the tables. */
  readonly listings: readonly string[];
}

/** What the rules of a cluster have in common, but for what the agent knows itself. */
export type LinkPlaces = Omit<LinkPlan, 'table' | 'hasIpTable'>;

export class NftAgent {
  readonly #nft: NftProcess;
  readonly #table: string;
  readonly #failure: NftFailure;
  #whyNoIpTable: string | null = null;
  #whyNoLoss: string | null = null;
  #stdout = '';
  #stderr = '';
  #sequence = 0;
  #pending: Pending | null = null;
  #queue: Promise<unknown> = Promise.resolve();
  #endedBecause: string | null = null;

  constructor(nft: NftProcess, table: string, failure: NftFailure) {
    this.#nft = nft;
    this.#table = table;
    this.#failure = failure;
    nft.stdout.on('data', (chunk: Buffer) => {
      this.#stdout += chunk.toString('utf8');
      this.#settle();
    });
    nft.stderr.on('data', (chunk: Buffer) => {
      this.#stderr += chunk.toString('utf8');
      this.#settle();
    });
    void nft.ended.then((reason) => {
      this.#endedBecause = reason;
      this.#pending?.reject(this.#gone());
    });
  }

  /** Sees what the kernel can do: rules are set, read back and taken away. */
  async probe(): Promise<void> {
    // What nft says of the terminal that it does not have comes before its first answer.
    await this.#ask('', []);
    const bridge = await this.#ask(describeBridgeSetup(this.#table), [`bridge ${this.#table}`]);
    if (bridge.errors !== '') {
      throw this.#failure(
        `the engine's kernel refuses the rules of the fault agent: ${bridge.errors}`,
      );
    }
    const ip = await this.#ask(describeIpSetup(this.#table), [`ip ${this.#table}`]);
    if (ip.errors !== '') this.#whyNoIpTable = ip.errors;
    // Addresses that are set aside for examples: nobody's traffic.
    const [one, two, three] = ['203.0.113.1', '203.0.113.2', '203.0.113.3'];
    const nodes = [one, two, three];
    const places = { nodes, clientPort: 1, peerPort: 2, gateway: '203.0.113.4', doors: new Map() };
    const cut: readonly LinkRule[] = [
      { from: one, to: two, mode: { type: 'drop' } },
      { from: two, to: one, mode: { type: 'oneway' } },
      { from: clientsEnd, to: three, mode: { type: 'drop' } },
    ];
    await this.set(places, cut);
    const loss: LinkRule = { from: one, to: three, mode: { type: 'loss', percent: 25 } };
    this.#whyNoLoss = await this.set(places, [...cut, loss]).then(
      () => null,
      (error: unknown) => messageOf(error),
    );
    await this.set(places, []);
  }

  /** Why no share of the packets can be lost; null when it can. */
  get whyNoLoss(): string | null {
    return this.#whyNoLoss;
  }

  /** Why connections can neither be reset nor led to the link proxy; null when they can. */
  get whyNoIpTable(): string | null {
    return this.#whyNoIpTable;
  }

  /**
   * From now on exactly these rules are in force, with what leads connections to the link proxy
   * for those that it keeps; throws unless the kernel then says so.
   */
  async set(places: LinkPlaces, rules: readonly LinkRule[]): Promise<TablesReading> {
    const plan = this.#plan(places);
    const { errors, listings } = await this.#ask(describeRules(plan, rules), this.#tables());
    if (errors !== '') {
      throw this.#failure(`nft did not take the rules: ${errors}`);
    }
    const reading = this.#parse(places, listings);
    const kept = rules.filter(({ mode }) => !isProxied(mode));
    const led = new Set(reading.led.map(describeOpening));
    const openings = proxiedOpenings(rules).map(describeOpening);
    const isLed = led.size === openings.length && openings.every((opening) => led.has(opening));
    if (isLed && sameRules(kept, reading.rules)) return reading;
    const asked = JSON.stringify({ rules: kept, led: openings });
    throw this.#failure(`asked for ${asked}, read ${JSON.stringify(reading)}`);
  }

  async read(places: LinkPlaces): Promise<TablesReading> {
    const { errors, listings } = await this.#ask('', this.#tables());
    if (errors === '') return this.#parse(places, listings);
    throw this.#failure(`nft does not list its tables: ${errors}`);
  }

  #plan(places: LinkPlaces): LinkPlan {
    return { ...places, table: this.#table, hasIpTable: this.#whyNoIpTable === null };
  }

  #tables(): readonly string[] {
    const hooks = this.#whyNoIpTable === null ? ['bridge', 'ip'] : ['bridge'];
    return hooks.map((hook) => `${hook} ${this.#table}`);
  }

  #parse(places: LinkPlaces, [bridge = '', ip = null]: readonly (string | null)[]): TablesReading {
    return parseTables(places, bridge ?? '', ip);
  }

  /** Ends the agent; its tables go with it. */
  async stop(): Promise<void> {
    await this.#nft.release();
  }

  /** One request at a time, in the order of the calls. */
  #ask(command: string, tables: readonly string[]): Promise<Answer> {
    const asked = this.#queue.then(() => this.#askNow(command, tables));
    this.#queue = asked.catch(() => {});
    return asked;
  }

  async #askNow(command: string, tables: readonly string[]): Promise<Answer> {
    if (this.#endedBecause !== null) throw this.#gone();
    this.#stdout = '';
    this.#stderr = '';
    this.#sequence++;
    // nft has no prompt on a pipe. The error about a table that is not there marks the end.
    const marker = `no_such_${this.#table}_${this.#sequence}`;
    const lines = [
      ...(command === '' ? [] : [command]),
      ...tables.map((table) => `list table ${table}`),
      `list table bridge ${marker}`,
    ];
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<Answer>((resolve, reject) => {
        this.#pending = { marker, tables, resolve, reject };
        timer = setTimeout(() => reject(new Error('nft does not answer')), answerDeadlineMs);
        this.#nft.write(`${lines.join('\n')}\n`);
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
    const listings = pending.tables.map((table) => findListing(this.#stdout, table));
    const complete = listings.filter((listing) => listing !== null);
    if (complete.length < listings.length && errors === '') return;
    pending.resolve({ errors, listings: complete });
  }

  #gone(): Error {
    return this.#failure(`the fault agent is gone: ${this.#endedBecause}`);
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

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
