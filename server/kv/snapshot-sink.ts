/**
 * Reads a snapshot, in pieces cut anywhere, into an empty state.
 *
 * What the bytes say is believed only as far as it fits: the counts, the limits and the hash at the
 * end must be those of what was read. Throws ShapeError for what is not a snapshot.
 */
import { ShapeError } from '../entry-codec.ts';
import { InvariantError } from '../raft/invariant-error.ts';
import { tags } from './frozen.ts';
import { type Keyspace, nameOf, type Place, placeOf } from './keyspace.ts';
import type { ListValue } from './list-value.ts';
import { MsgpackReader } from './msgpack-reader.ts';
import { readReply } from './reply-codec.ts';
import { Session } from './session.ts';
import type { Sessions } from './sessions.ts';
import type { SetValue } from './set-value.ts';
import { limitNumbers, snapshotVersion } from './snapshot-source.ts';

/** Longer than any request, and so than any item. */
const itemBytesMax = 64 * 1024 * 1024;

/** Where it goes on: at an item, or within one of many elements. */
type Position =
  | { readonly at: 'header' | 'item' | 'end' }
  | { readonly at: 'list'; readonly place: Place; readonly list: ListValue; left: number }
  | { readonly at: 'set'; readonly place: Place; readonly set: SetValue; left: number }
  | { readonly at: 'session'; readonly session: Session; left: number };

/** The item goes on in the next piece. */
class MoreNeeded extends Error {
  readonly bytes: number;
  constructor(bytes: number) {
    super(`an item needs ${bytes} bytes`);
    this.bytes = bytes;
  }
}

export interface RestoredParts {
  readonly appliedIndex: number;
  readonly keyspace: Keyspace;
  readonly sessions: Sessions;
  /** Two words of the state's hash, as natural numbers. */
  hash(): readonly [number, number];
}

export class StateSnapshotSink {
  readonly #parts: RestoredParts;
  readonly #restored: Session[] = [];
  #position: Position = { at: 'header' };
  /** Pieces of an item that is not complete, copied. */
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #neededBytes = 0;

  constructor(parts: RestoredParts) {
    this.#parts = parts;
  }

  /** The caller may use the piece's memory again. Throws ShapeError. */
  push(piece: Uint8Array): void {
    if (this.#waitingBytes > 0) {
      this.#wait(piece);
      if (this.#waitingBytes < this.#neededBytes) return;
    }
    const data = this.#waitingBytes > 0 ? Buffer.concat(this.#waiting) : piece;
    this.#waiting = [];
    this.#waitingBytes = 0;
    const done = this.#readItems(data);
    if (done < data.length) this.#wait(data.subarray(done));
  }

  /** Throws ShapeError unless the snapshot is complete. */
  finish(): void {
    if (this.#position.at !== 'end' || this.#waitingBytes > 0) {
      throw new ShapeError(`the snapshot breaks off in its ${this.#position.at}`);
    }
  }

  #wait(bytes: Uint8Array): void {
    this.#waiting.push(Buffer.from(bytes));
    this.#waitingBytes += bytes.length;
  }

  /** How many bytes were read. */
  #readItems(data: Uint8Array): number {
    const reader = new MsgpackReader(data, (message, bytesNeeded) =>
      bytesNeeded === null ? new ShapeError(message) : new MoreNeeded(bytesNeeded),
    );
    let done = 0;
    try {
      while (done < data.length) {
        this.#readItem(reader);
        done = reader.offset;
      }
    } catch (error) {
      if (!(error instanceof MoreNeeded)) throw error;
      this.#neededBytes = error.bytes - done;
      if (this.#neededBytes > itemBytesMax) {
        throw new ShapeError(`an item claims ${this.#neededBytes} bytes`, { cause: error });
      }
    }
    return done;
  }

  /** Reads all of it before it changes anything: it may have to be read again. */
  #readItem(reader: MsgpackReader): void {
    const position = this.#position;
    switch (position.at) {
      case 'header':
        this.#readHeader(reader);
        return;
      case 'item':
        this.#readTagged(reader);
        return;
      case 'list':
        position.list.push('right', reader.bytes());
        break;
      case 'set':
        if (!position.set.add(nameOf(reader.bytes()))) {
          throw new ShapeError('a member is twice in one set');
        }
        break;
      case 'session': {
        const sequence = reader.uint();
        const reply = readReply(reader);
        const { session } = position;
        if (session.replyOf(sequence) !== undefined || sequence < session.acknowledgedBelow) {
          throw new ShapeError(`a session cannot remember an answer to ${sequence}`);
        }
        session.remember(sequence, reply);
        break;
      }
      case 'end':
        throw new ShapeError('bytes follow after the end of the snapshot');
    }
    position.left -= 1;
    if (position.left === 0) this.#leave(position);
  }

  #leave(position: Position): void {
    const { keyspace } = this.#parts;
    if (position.at === 'list') keyspace.afterChange(position.place, position.list);
    if (position.at === 'set') keyspace.afterChange(position.place, position.set);
    this.#position = { at: 'item' };
  }

  #readHeader(reader: MsgpackReader): void {
    const tag = reader.uint();
    const version = reader.uint();
    if (tag !== tags.header || version !== snapshotVersion) {
      throw new ShapeError(`not a snapshot of version ${snapshotVersion}`);
    }
    const appliedIndex = reader.uint();
    const own = limitNumbers(this.#parts.sessions.limits);
    const written = own.map(() => reader.uint());
    if (appliedIndex !== this.#parts.appliedIndex) {
      const wanted = this.#parts.appliedIndex;
      throw new ShapeError(`the snapshot is of index ${appliedIndex}, not ${wanted}`);
    }
    if (own.some((limit, place) => limit !== written[place])) {
      throw new InvariantError('all nodes have the same limits of sessions', {
        own: own.join(','),
        snapshot: written.join(','),
      });
    }
    this.#position = { at: 'item' };
  }

  #readTagged(reader: MsgpackReader): void {
    const tag = reader.uint();
    switch (tag) {
      case tags.filler:
        return;
      case tags.string: {
        const key = reader.bytes();
        const bytes = reader.bytes();
        this.#parts.keyspace.insertString(this.#emptyPlace(key), bytes);
        return;
      }
      case tags.list: {
        const key = reader.bytes();
        const left = readSize(reader);
        const place = this.#emptyPlace(key);
        const list = this.#parts.keyspace.insertList(place);
        this.#position = { at: 'list', place, list, left };
        return;
      }
      case tags.set: {
        const key = reader.bytes();
        const left = readSize(reader);
        const place = this.#emptyPlace(key);
        const set = this.#parts.keyspace.insertSet(place);
        this.#position = { at: 'set', place, set, left };
        return;
      }
      case tags.session:
        this.#readSession(reader);
        return;
      case tags.trailer:
        this.#readTrailer(reader);
        return;
      default:
        throw new ShapeError(`no item of a snapshot has the tag ${tag}`);
    }
  }

  #emptyPlace(key: Uint8Array): Place {
    const place = placeOf(key);
    if (this.#parts.keyspace.get(place) !== undefined) throw new ShapeError('a key is there twice');
    return place;
  }

  #readSession(reader: MsgpackReader): void {
    const id = reader.uint();
    const lastUsedIndex = reader.uint();
    const acknowledgedBelow = reader.uint();
    const left = reader.uint();
    if (id === 0 || lastUsedIndex < id || lastUsedIndex > this.#parts.appliedIndex) {
      throw new ShapeError(`no session ${id} can be of index ${lastUsedIndex}`);
    }
    if (this.#restored.length >= this.#parts.sessions.limits.sessionsMax) {
      throw new ShapeError('there are more sessions than may be');
    }
    const session = new Session(id, lastUsedIndex, 0);
    session.acknowledge(acknowledgedBelow);
    this.#restored.push(session);
    if (left > 0) this.#position = { at: 'session', session, left };
  }

  #readTrailer(reader: MsgpackReader): void {
    const { keyspace, sessions } = this.#parts;
    const written = [reader.uint(), reader.uint(), reader.uint(), reader.uint()];
    // The order in which they were last used, which decides who expires first.
    this.#restored.sort((left, right) => left.lastUsedIndex - right.lastUsedIndex);
    for (const session of this.#restored) sessions.restore(session);
    const found = [keyspace.size, sessions.size, ...this.#parts.hash()];
    if (found.some((number, place) => number !== written[place])) {
      throw new ShapeError(
        `the snapshot holds ${found.join(' ')}, and should ${written.join(' ')}`,
      );
    }
    this.#position = { at: 'end' };
  }
}

function readSize(reader: MsgpackReader): number {
  const size = reader.uint();
  if (size === 0) throw new ShapeError('a list or set is empty');
  return size;
}
