/**
 * A node's trace, from lines to events.
 *
 * A life that is killed may end in half a line: that is its end and no fault. Any other line that
 * is no event makes the rest of the file worthless, because nothing says what is missing.
 */
import type { RaftEntry, RaftEvent } from '../raft-event.ts';

/** A trace that cannot be read from some line on. */
export class TraceError extends Error {
  override readonly name = 'TraceError';
}

type Fields = Readonly<Record<string, unknown>>;

/** Each iteration begins anew where `lines` does. It throws TraceError. */
export function traceEvents(lines: Iterable<string>): Iterable<RaftEvent> {
  return { [Symbol.iterator]: () => readEvents(lines) };
}

function* readEvents(lines: Iterable<string>): Generator<RaftEvent> {
  let number = 0;
  /** The first of lines that are no JSON: torn ends of lives, if a start follows or nothing. */
  let torn: number | null = null;
  for (const line of lines) {
    number++;
    if (line === '') continue;
    const value = parseJson(line);
    const event = value === undefined ? null : parseAt(number, value);
    if (event === null) {
      torn ??= number;
      continue;
    }
    if (torn !== null && event.event !== 'start') throw new TraceError(`line ${torn} is no JSON`);
    torn = null;
    yield event;
  }
}

function parseAt(number: number, value: unknown): RaftEvent {
  try {
    return parseRaftEvent(value);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new TraceError(`line ${number}: ${why}`);
  }
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** Throws TraceError for what is no event. */
export function parseRaftEvent(value: unknown): RaftEvent {
  const fields = parseFields(value, 'the event');
  const { event } = fields;
  switch (event) {
    case 'start':
      return {
        event,
        ...{ term: integer(fields, 'term'), votedFor: textOrNull(fields, 'votedFor') },
        snapshotIndex: integer(fields, 'snapshotIndex'),
        firstLogIndex: integer(fields, 'firstLogIndex'),
        lastLogIndex: integer(fields, 'lastLogIndex'),
        lastLogTerm: integer(fields, 'lastLogTerm'),
      };
    case 'status':
      return {
        event,
        role: text(fields, 'role'),
        ...{ term: integer(fields, 'term'), votedFor: textOrNull(fields, 'votedFor') },
        leaderId: textOrNull(fields, 'leaderId'),
        lastLogIndex: integer(fields, 'lastLogIndex'),
        lastLogTerm: integer(fields, 'lastLogTerm'),
        commitIndex: integer(fields, 'commitIndex'),
      };
    case 'persisted':
      return { event, term: integer(fields, 'term'), votedFor: textOrNull(fields, 'votedFor') };
    case 'append':
      return { event, term: integer(fields, 'term'), entries: list(fields, 'entries', parseEntry) };
    case 'durable':
    case 'commit':
    case 'snapshot':
    case 'install':
      return { event, term: integer(fields, 'term'), index: integer(fields, 'index') };
    case 'match': {
      const { term, index } = { term: integer(fields, 'term'), index: integer(fields, 'index') };
      return { event, term, index, peer: text(fields, 'peer') };
    }
    case 'apply':
      return { event, index: integer(fields, 'index'), entryTerm: integer(fields, 'entryTerm') };
    case 'configuration':
      return { event, index: integer(fields, 'index'), configuration: parseMembers(fields) };
    case 'hash':
      return { event, index: integer(fields, 'index'), hash: text(fields, 'hash') };
    default:
      throw new TraceError(`no event is called ${JSON.stringify(event) ?? 'nothing'}`);
  }
}

function parseEntry(value: unknown): RaftEntry {
  const fields = parseFields(value, 'an entry');
  const { checksum } = fields;
  if (typeof checksum !== 'number') throw new TraceError('checksum must be a number');
  return { index: integer(fields, 'index'), term: integer(fields, 'term'), checksum };
}

function parseMembers(event: Fields): { voters: string[]; outgoingVoters: string[] } {
  const fields = parseFields(event['configuration'], 'configuration');
  return {
    voters: list(fields, 'voters', parseName),
    outgoingVoters: list(fields, 'outgoingVoters', parseName),
  };
}

function parseName(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new TraceError('a voter must be a text');
}

function parseFields(value: unknown, what: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Fields;
  }
  throw new TraceError(`${what} must be an object`);
}

function integer(fields: Fields, name: string): number {
  const value = fields[name];
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new TraceError(`${name} must be a whole number from 0 up`);
}

function text(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value === 'string') return value;
  throw new TraceError(`${name} must be a text`);
}

function textOrNull(fields: Fields, name: string): string | null {
  return fields[name] === null ? null : text(fields, name);
}

function list<T>(fields: Fields, name: string, parse: (value: unknown) => T): T[] {
  const value = fields[name];
  if (Array.isArray(value)) return value.map(parse);
  throw new TraceError(`${name} must be a list`);
}
