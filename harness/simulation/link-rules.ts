/**
 * What is in force on the links of a simulation, and what it has met.
 *
 * It decides the fate of one message or one piece of a stream at a time. Its random numbers come
 * from streams of its own: a run without rules draws none of them.
 */
import {
  clientsEnd,
  type LinkMet,
  type LinkMode,
  type LinkRule,
  type NetworkReading,
  networkReading,
} from '../cluster.ts';
import type { RandomSource } from '../run/random.ts';
import type { VirtualTime } from './virtual-time.ts';

type ModeType = LinkMode['type'];
type Mutable<Type> = { -readonly [Key in keyof Type]: Type[Key] };
type ModesOfLink = { readonly [Type in ModeType]?: Extract<LinkMode, { readonly type: Type }> };

/** A queue before a slow link that is longer loses what comes. */
const queueMsMax = 5000;
/** A piece of a stream that is lost is sent again after so long. */
const sentAgainUs = 200_000;

export interface LinkSurroundings {
  readonly time: VirtualTime;
  /** The stream with this name. */
  readonly randomStream: (name: string) => RandomSource;
}

export class LinkRules {
  readonly #surroundings: LinkSurroundings;
  #rules: readonly LinkRule[] = [];
  #links: ReadonlyMap<string, ModesOfLink> = new Map();
  /** By link and type. */
  readonly #met = new Map<string, Mutable<LinkMet>>();
  /** Until then a link with a rate is busy. */
  readonly #busyUntilUs = new Map<string, number>();
  readonly #streams = new Map<string, RandomSource>();

  constructor(surroundings: LinkSurroundings) {
    this.#surroundings = surroundings;
  }

  get reading(): NetworkReading {
    return networkReading(this.#rules, [...this.#met.values()]);
  }

  set(rules: readonly LinkRule[]): void {
    const links = new Map<string, ModesOfLink>();
    for (const { from, to, mode } of rules) {
      const name = linkName(from, to);
      links.set(name, { ...links.get(name), [mode.type]: mode });
    }
    this.#rules = rules;
    this.#links = links;
    for (const name of this.#busyUntilUs.keys()) {
      if (links.get(name)?.rate === undefined) this.#busyUntilUs.delete(name);
    }
  }

  has(from: string, to: string, ...types: readonly ModeType[]): boolean {
    if (this.#links.size === 0) return false;
    const modes = this.#links.get(linkName(from, to));
    return modes !== undefined && types.some((type) => modes[type] !== undefined);
  }

  /** As `has`; what has met the rule is counted. */
  meets(from: string, to: string, ...types: readonly ModeType[]): boolean {
    if (this.#links.size === 0) return false;
    const modes = this.#links.get(linkName(from, to));
    const type = modes && types.find((each) => modes[each] !== undefined);
    if (type === undefined) return false;
    this.#count(from, to, type);
    return true;
  }

  /** How much later it comes than without rules; null: never, there is no room for it. */
  latenessUs(from: string, to: string, byteCount: number): number | null {
    if (this.#links.size === 0) return 0;
    const name = linkName(from, to);
    const modes = this.#links.get(name);
    if (modes === undefined) return 0;
    let lateUs = 0;
    if (modes.delay !== undefined) {
      const { ms, jitterMs } = modes.delay;
      lateUs += Math.max(0, ms + (2 * this.#streamOf(name)() - 1) * jitterMs) * 1000;
      this.#count(from, to, 'delay');
    }
    if (modes.rate !== undefined) {
      const { nowUs } = this.#surroundings.time;
      const begunUs = Math.max(nowUs, this.#busyUntilUs.get(name) ?? 0);
      if (begunUs - nowUs > queueMsMax * 1000) return null;
      const endUs = begunUs + (byteCount * 8000) / modes.rate.kilobitsPerS;
      this.#busyUntilUs.set(name, endUs);
      lateUs += endUs - nowUs;
      this.#count(from, to, 'rate');
    }
    return Math.ceil(lateUs);
  }

  /** Whether chance loses it. */
  loses(from: string, to: string): boolean {
    if (this.#links.size === 0) return false;
    const name = linkName(from, to);
    const loss = this.#links.get(name)?.loss;
    if (loss === undefined || this.#streamOf(name)() * 100 >= loss.percent) return false;
    this.#count(from, to, 'loss');
    return true;
  }

  /** Nothing of a stream is lost for good: what a link would lose, or has no room for, is late. */
  streamLatenessUs(from: string, to: string, byteCount: number): number {
    let lateUs = this.latenessUs(from, to, byteCount) ?? queueMsMax * 1000;
    while (this.loses(from, to)) lateUs += sentAgainUs;
    return lateUs;
  }

  #count(from: string, to: string, type: ModeType): void {
    const name = `${linkName(from, to)} ${type}`;
    const met = this.#met.get(name) ?? { from, to, type, count: 0 };
    met.count++;
    this.#met.set(name, met);
  }

  #streamOf(name: string): RandomSource {
    const known = this.#streams.get(name);
    if (known !== undefined) return known;
    const stream = this.#surroundings.randomStream(`rules/${name}`);
    this.#streams.set(name, stream);
    return stream;
  }
}

/** One direction of the road between the clients and a node: a stream, in order, that may stand. */
export class ClientRoad {
  readonly #time: VirtualTime;
  readonly #rules: LinkRules;
  readonly #from: string;
  readonly #to: string;
  #standing: (() => void)[] = [];
  #isMoving = false;

  constructor(
    time: VirtualTime,
    rules: LinkRules,
    way: { readonly node: string; toNode: boolean },
  ) {
    this.#time = time;
    this.#rules = rules;
    this.#from = way.toNode ? clientsEnd : way.node;
    this.#to = way.toNode ? way.node : clientsEnd;
  }

  get isBroken(): boolean {
    return this.#rules.has(this.#from, this.#to, 'reset');
  }

  /** A connection was broken, or refused. */
  countReset(): void {
    this.#rules.meets(this.#from, this.#to, 'reset');
  }

  latenessUs(byteCount: number): number {
    return this.#rules.streamLatenessUs(this.#from, this.#to, byteCount);
  }

  /** It has come to the end of its way: it arrives now, or when nothing keeps it back any more. */
  arrive(callback: () => void): void {
    const isHeld = this.#rules.meets(this.#from, this.#to, 'drop', 'oneway', 'hold');
    if (isHeld || this.#standing.length > 0) this.#standing.push(callback);
    else callback();
  }

  /** The rules have changed. What stands goes on, each an event of its own. */
  moveOn(): void {
    if (this.#isMoving || this.#standing.length === 0 || this.#isHeld) return;
    this.#isMoving = true;
    this.#time.schedule(1, () => {
      this.#isMoving = false;
      if (this.#isHeld) return;
      this.#standing[0]?.();
      this.#standing.shift();
      this.moveOn();
    });
  }

  get #isHeld(): boolean {
    return this.#rules.has(this.#from, this.#to, 'drop', 'oneway', 'hold');
  }
}

export function linkName(from: string, to: string): string {
  return `${from}>${to}`;
}
