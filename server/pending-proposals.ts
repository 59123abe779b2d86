/**
 * Who waits for which entry of the log, and what may be said to whom when entries are applied.
 *
 * A waiter is known by term and index together: after a change of leader the same index may hold
 * another one's command, and an answer by index alone would acknowledge a write that was lost.
 */
import type { ErrorReply } from './errors.ts';
import type { Reply } from './kv/command.ts';
import type { Entry, EntryId } from './raft/entry.ts';
import { InvariantError } from './raft/invariant-error.ts';

export type ReplyTo = (reply: Reply) => void;

interface Waiter {
  readonly entry: EntryId;
  readonly reply: ReplyTo;
}

export class PendingProposals {
  /** Offered to the core, which has not yet said under which name it took them. */
  readonly #offered = new Map<number, ReplyTo>();
  /** Sorted by term, then index: the order in which this server appended them as a leader. */
  #waiters: Waiter[] = [];
  #head = 0;

  get count(): number {
    return this.#offered.size + this.#waiters.length - this.#head;
  }

  /** The lowest term that somebody waits for, or null. */
  get oldestTerm(): number | null {
    return this.#waiters[this.#head]?.entry.term ?? null;
  }

  offer(id: number, reply: ReplyTo): void {
    this.#offered.set(id, reply);
  }

  accept(id: number, entry: EntryId): void {
    const last = this.#waiters.at(-1)?.entry;
    if (last !== undefined && compareEntryIds(last, entry) >= 0) {
      throw new InvariantError('a leader names its entries in rising order', {
        lastTerm: last.term,
        lastIndex: last.index,
        term: entry.term,
        index: entry.index,
      });
    }
    this.#waiters.push({ entry, reply: this.#takeOffered(id) });
  }

  reject(id: number, refusal: ErrorReply): void {
    this.#takeOffered(id)(refusal);
  }

  /**
   * Answers the waiter of this applied entry, and those whose entries can never be committed now:
   * terms never fall along a log, so no log that holds this entry holds one of a lower term behind
   * it, and this entry is in the log of every leader to come. [Raft §5.4] That makes their refusal
   * a definite one.
   */
  applied(entry: Entry, answer: Reply | null, refusal: () => ErrorReply): void {
    for (let first = this.#first(); first !== undefined; first = this.#first()) {
      const order = compareEntryIds(first.entry, entry);
      if (order > 0) return;
      if (order < 0 && first.entry.term === entry.term) {
        throw new InvariantError('entries of one term are applied in order', {
          term: entry.term,
          waitingIndex: first.entry.index,
          appliedIndex: entry.index,
        });
      }
      this.#shift();
      if (order === 0) first.reply(commandAnswer(entry, answer));
      else first.reply(refusal());
    }
  }

  /**
   * The state is that of a leader's snapshot now, which ends with this entry. Who waits for an
   * entry at or before it may find it in there or not; what is behind it is settled by what is
   * applied.
   */
  installed(last: EntryId, reply: Reply): void {
    const waiters = this.#waiters.slice(this.#head);
    this.#waiters = waiters.filter(({ entry }) => entry.index > last.index);
    this.#head = 0;
    for (const waiter of waiters) if (waiter.entry.index <= last.index) waiter.reply(reply);
  }

  /** Gives up on the entries of terms below this one. */
  abandonBelow(term: number, reply: Reply): void {
    for (let first = this.#first(); first !== undefined; first = this.#first()) {
      if (first.entry.term >= term) return;
      this.#shift();
      first.reply(reply);
    }
  }

  #first(): Waiter | undefined {
    return this.#waiters[this.#head];
  }

  #shift(): void {
    this.#head += 1;
    if (this.#head < 1024 && this.#head < this.#waiters.length) return;
    this.#waiters = this.#waiters.slice(this.#head);
    this.#head = 0;
  }

  #takeOffered(id: number): ReplyTo {
    const reply = this.#offered.get(id);
    if (reply === undefined) throw new InvariantError('the core names what it was offered', { id });
    this.#offered.delete(id);
    return reply;
  }
}

function compareEntryIds(a: EntryId, b: EntryId): number {
  return a.term === b.term ? a.index - b.index : a.term - b.term;
}

function commandAnswer(entry: Entry, answer: Reply | null): Reply {
  if (answer === null) {
    throw new InvariantError('who waits for an entry waits for a command', {
      term: entry.term,
      index: entry.index,
    });
  }
  return answer;
}
