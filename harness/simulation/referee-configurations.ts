/**
 * What the nodes tell of configurations, held against the promises: the one in force is the newest
 * in the log, an entry holds the same one everywhere, and a leader begins no change before the one
 * before is committed, and an entry of its own term with it. [Raft §6] [Ongaro §4.1]
 */
import type { TracedEntry } from '../../server/trace.ts';
import { words } from './referee-words.ts';
import type { Place, ToldLog } from './told-log.ts';

/** Of the entry that is committed there; null: none is. */
type CommittedTerm = (index: number) => number | null;

/** A node's configurations, as its log holds them. */
class ToldConfigurations {
  /** Of the entries of its log that are configurations, in their order. */
  entries: Place[] = [];
  inForceIndex: number | null = null;
  /** A change of this step, and the one before it in the log. */
  change: { readonly index: number; readonly before: number } | null = null;
}

export class ConfigurationRules {
  readonly #nodes = new Map<string, ToldConfigurations>();
  /** Every entry that was one, in any log. */
  readonly #known: Place[] = [];
  /** By index and term, what it holds. */
  readonly #contents = new Map<string, string>();

  forget(node: string): void {
    this.#nodes.delete(node);
  }

  /** A life begins with this log. `kindOf` is what an entry was when it was first told of. */
  starts(node: string, log: ToldLog, kindOf: (place: Place) => string | null): void {
    const told = this.#of(node);
    told.entries = [];
    told.inForceIndex = null;
    told.change = null;
    for (let index = log.firstIndex; index <= log.lastIndex; index++) {
      const place = { index, term: log.termAt(index) ?? 0 };
      if (kindOf(place) === 'configuration') told.entries.push(place);
    }
  }

  /** The log was given up for a snapshot. */
  reset(node: string): void {
    this.#of(node).entries = [];
  }

  /** A leader appends entries: a change among them is judged when its step is told in full. */
  changes(node: string, entries: readonly TracedEntry[]): void {
    const change = entries.find(({ kind }) => kind === 'configuration');
    if (change === undefined) return;
    const told = this.#of(node);
    told.change = { index: change.index, before: told.entries.at(-1)?.index ?? 0 };
  }

  /** What a leader may not do, or null. */
  judgeChange(
    node: string,
    leads: { readonly term: number; readonly commitIndex: number; readonly log: ToldLog },
  ): string | null {
    const told = this.#of(node);
    const { change } = told;
    told.change = null;
    if (change === null) return null;
    const { term, commitIndex, log } = leads;
    const { index, before } = change;
    if (before > commitIndex) return words.changeInFlight(index, before, commitIndex);
    const committed = log.termAt(commitIndex);
    if (committed === null || committed === term) return null;
    return words.changeTooEarly(index, { index: commitIndex, term: committed });
  }

  appends(node: string, entries: readonly TracedEntry[]): void {
    const [first] = entries;
    if (first === undefined) return;
    const told = this.#of(node);
    while ((told.entries.at(-1)?.index ?? 0) >= first.index) told.entries.pop();
    for (const { index, term, kind } of entries) {
      if (kind !== 'configuration') continue;
      told.entries.push({ index, term });
      const isKnown = this.#known.some((each) => each.index === index && each.term === term);
      if (!isKnown) this.#known.push({ index, term });
    }
  }

  /** Another one is in force. Returns how it differs from what another node has there, or null. */
  judgeContent(node: string, index: number, configuration: unknown): string | null {
    const told = this.#of(node);
    told.inForceIndex = index;
    const entry = told.entries.find((each) => each.index === index);
    if (entry === undefined) return null;
    const name = `${entry.index}/${entry.term}`;
    const content = JSON.stringify(configuration);
    const known = this.#contents.get(name);
    if (known === undefined) this.#contents.set(name, content);
    return known === undefined || known === content
      ? null
      : words.otherConfiguration(entry, content, known);
  }

  /** Once all that belongs to a step is told. Returns why it is the wrong one, or null. */
  judgeInForce(node: string, log: ToldLog, committedTerm: CommittedTerm): string | null {
    const { entries, inForceIndex } = this.#of(node);
    if (inForceIndex === null) return null;
    const newest = entries.at(-1)?.index ?? this.#committedUpTo(log.firstIndex - 1, committedTerm);
    return newest === inForceIndex ? null : words.notNewest(inForceIndex, newest);
  }

  /** The newest of those that are committed, at or before this index; 0: the first one. */
  #committedUpTo(index: number, committedTerm: CommittedTerm): number {
    let newest = 0;
    for (const place of this.#known) {
      const isOlder = place.index > index || place.index <= newest;
      if (!isOlder && committedTerm(place.index) === place.term) newest = place.index;
    }
    return newest;
  }

  #of(node: string): ToldConfigurations {
    const known = this.#nodes.get(node) ?? new ToldConfigurations();
    this.#nodes.set(node, known);
    return known;
  }
}
