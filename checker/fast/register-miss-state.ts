/**
 * The decisions about misses, as tightened intervals of what happened, to be taken back in order.
 *
 * "The miss stood before that writer" raises the writer's invocation to the miss's; "it stood
 * after that mutator" lowers the mutator's return to the miss's. Each is exact: an order of the
 * rest in the tighter intervals has a place for the miss, and for all such misses at once, for
 * one that ends before another begins never needs a later place than that one may have.
 */
import { neverReturned, none } from '../columns.ts';
import { type MissSetup, valueAfter } from './register-miss-setup.ts';
import { NarrowedZones } from './register-miss-zones.ts';
import { orderZones } from './zones.ts';

/** A bound that a decision put on a mutator. */
interface Bound {
  readonly block: number;
  readonly ordinal: number;
  readonly position: number;
}

/** Bounds in the order in which they came, and by block. */
class Bounds {
  readonly #all: Bound[] = [];
  readonly #byBlock = new Map<number, Bound[]>();

  get size(): number {
    return this.#all.length;
  }

  of(block: number): readonly Bound[] {
    return this.#byBlock.get(block) ?? [];
  }

  add(bound: Bound): void {
    this.#all.push(bound);
    const others = this.#byBlock.get(bound.block);
    if (others === undefined) this.#byBlock.set(bound.block, [bound]);
    else others.push(bound);
  }

  cutTo(size: number): void {
    while (this.#all.length > size) {
      const bound = this.#all.pop();
      if (bound !== undefined) this.#byBlock.get(bound.block)?.pop();
    }
  }
}

export interface Mark {
  readonly used: number;
  readonly zones: number;
  readonly raised: number;
  readonly lowered: number;
}

export class MissState {
  readonly setup: MissSetup;
  readonly zones: NarrowedZones;
  /** By block: its last mutator now, and that one's place. */
  readonly end: Int32Array;
  readonly #endOrdinal: Int32Array;
  /** By row plus one, the initial value being row -1: the helper put behind it, plus one. */
  readonly #appended: Int32Array;
  /** By row: the block that a helper is in, plus one; 0 while it did not happen. */
  readonly #helperBlock: Int32Array;
  readonly #helperOrdinal: Int32Array;
  /** By row: the latest invocation of a helper and of all before it in its chain. */
  readonly #helperLatest: Int32Array;
  readonly #baseBlocks: number;
  readonly #raised = new Bounds();
  readonly #lowered = new Bounds();
  /** The helpers that take effect, in the order in which that was decided. */
  readonly #used: number[] = [];
  /** By added block: the helper that it begins with. */
  readonly #rootOfAdded: Int32Array;

  constructor(setup: MissSetup) {
    this.setup = setup;
    const { chains, helpers, columns } = setup;
    this.#baseBlocks = chains.root.length;
    const blocks = this.#baseBlocks + helpers.writeCount;
    this.zones = new NarrowedZones(blocks, 2 * setup.events.length);
    this.zones.fill(chains.first, chains.last);
    this.end = new Int32Array(blocks);
    this.end.set(setup.end);
    this.#endOrdinal = new Int32Array(blocks);
    this.#endOrdinal.set(setup.endOrdinal);
    this.#rootOfAdded = new Int32Array(helpers.writeCount);
    for (const row of [...helpers.untested, ...helpers.tested]) {
      this.#rootOfAdded[(helpers.numberOf[row] ?? 0) - 1] = row;
    }
    this.#appended = new Int32Array(columns.count + 1);
    this.#helperBlock = new Int32Array(columns.count);
    this.#helperOrdinal = new Int32Array(columns.count);
    this.#helperLatest = new Int32Array(columns.count);
  }

  mark(): Mark {
    return {
      used: this.#used.length,
      zones: this.zones.mark(),
      raised: this.#raised.size,
      lowered: this.#lowered.size,
    };
  }

  undo(mark: Mark): void {
    this.#used.length = mark.used;
    this.zones.undo(mark.zones);
    this.#raised.cutTo(mark.raised);
    this.#lowered.cutTo(mark.lowered);
  }

  /** The helpers that decisions since then rest on. */
  usedSince(mark: Mark): readonly number[] {
    return this.#used.slice(mark.used);
  }

  blockOf(row: number): number {
    const base = row < 0 ? 0 : (this.setup.blockOf[row] ?? none);
    return base >= 0 ? base : (this.#helperBlock[row] ?? 0) - 1;
  }

  /** Whether the mutator is part of what happens, by the history or by a decision. */
  isPart(row: number): boolean {
    return this.blockOf(row) >= 0;
  }

  rootOf(block: number): number {
    if (block < this.#baseBlocks) return this.setup.chains.root[block] ?? none;
    return this.#rootOfAdded[block - this.#baseBlocks] ?? none;
  }

  isAdded(block: number): boolean {
    return block >= this.#baseBlocks;
  }

  /** The helper behind a mutator, or behind the initial value. */
  appendedTo(row: number, block: number): number {
    if (this.end[block] === row) return none;
    return (this.#appended[row + 1] ?? 0) - 1;
  }

  /** All from the mutator on began at the position at the earliest. */
  raise(row: number, position: number): boolean {
    const block = this.blockOf(row);
    const ordinal = this.#ordinalOf(row);
    if (this.#earliestReturn(row) < position) return false;
    for (const bound of this.#lowered.of(block)) {
      if (bound.ordinal >= ordinal && bound.position < position) return false;
    }
    this.#raised.add({ block, ordinal, position });
    return this.zones.raiseLast(block, position);
  }

  /** All up to the mutator returned at the position at the latest. */
  lower(row: number, position: number): boolean {
    const block = this.blockOf(row);
    const ordinal = this.#ordinalOf(row);
    if (this.#latestCall(row) > position) return false;
    for (const bound of this.#raised.of(block)) {
      if (bound.ordinal <= ordinal && bound.position > position) return false;
    }
    this.#lowered.add({ block, ordinal, position });
    return this.zones.lowerFirst(block, position);
  }

  /** An open write takes effect, between its invocation and the position. */
  activate(row: number, position: number): boolean {
    const block = this.#baseBlocks + (this.setup.helpers.numberOf[row] ?? 0) - 1;
    const call = this.setup.columns.call[row] ?? 0;
    if (call > position) return false;
    this.#used.push(row);
    this.zones.set(this.#helperBlock, row, block + 1);
    this.zones.set(this.#helperOrdinal, row, 0);
    this.zones.set(this.#helperLatest, row, call);
    this.zones.set(this.end, block, row);
    this.zones.set(this.#endOrdinal, block, 0);
    this.#lowered.add({ block, ordinal: 0, position });
    return this.zones.add(block, position, call);
  }

  /** An open cas takes effect at the end of a chain, after its invocation. */
  append(row: number, block: number): boolean {
    const { zones } = this;
    this.#used.push(row);
    const end = this.end[block] ?? none;
    const ordinal = (this.#endOrdinal[block] ?? 0) + 1;
    zones.set(this.#helperBlock, row, block + 1);
    zones.set(this.#helperOrdinal, row, ordinal);
    zones.set(this.#appended, end + 1, row + 1);
    const latest =
      end < 0 || !this.#isHelper(end) ? this.#lastOfBase(block) : this.#latestCall(end);
    zones.set(this.#helperLatest, row, Math.max(latest, this.setup.columns.call[row] ?? 0));
    zones.set(this.end, block, row);
    zones.set(this.#endOrdinal, block, ordinal);
    return zones.raiseLast(block, this.setup.columns.call[row] ?? 0);
  }

  valueAfter(row: number): number {
    return valueAfter(this.setup.columns, row);
  }

  /** The blocks that take part, in an order that all decisions allow. */
  order(): Uint32Array {
    const blocks: number[] = [];
    const { isActive, first, last } = this.zones;
    for (let block = 0; block < isActive.length; block += 1) {
      if (isActive[block] === 1) blocks.push(block);
    }
    const pick = (column: Int32Array): Int32Array =>
      Int32Array.from(blocks, (block) => column[block] ?? 0);
    return orderZones({ first: pick(first), last: pick(last) }).map((at) => blocks[at] ?? 0);
  }

  #isHelper(row: number): boolean {
    return (this.setup.blockOf[row] ?? none) < 0;
  }

  #ordinalOf(row: number): number {
    return (this.#isHelper(row) ? this.#helperOrdinal : this.setup.ordinal)[row] ?? 0;
  }

  #earliestReturn(row: number): number {
    if (this.#isHelper(row)) return neverReturned;
    return this.setup.earliestReturn[row] ?? neverReturned;
  }

  #latestCall(row: number): number {
    return (this.#isHelper(row) ? this.#helperLatest : this.setup.latestCall)[row] ?? 0;
  }

  #lastOfBase(block: number): number {
    return this.setup.chains.last[block] ?? none;
  }
}
