/**
 * Keeps what a run of the simulation does between its nodes and in them, as the space-time diagram
 * wants it. It watches and changes nothing; a run without one has nothing to pay for it.
 */

import {
  type DownRow,
  type MarkRow,
  type MessageRow,
  messageFates,
  messageKinds,
  type ProgressRow,
  type RoleRow,
  type SpaceTimeData,
} from '../report/space-time-data.ts';
import type { Message, MessageEnd } from '../simulation/network.ts';
import type { NodeTraceEvent } from '../simulation/plan.ts';
import { drawMessage, messageTypes } from './sim-trace-message.ts';

/** A page of more is slow to open. */
const messagesMax = 150_000;
const progressMax = 300_000;

type Drawn = Pick<
  SpaceTimeData,
  'nodes' | 'types' | 'messages' | 'leftOut' | 'roles' | 'downs' | 'marks' | 'progress'
>;

/** A node's role since a moment. */
interface RoleSince {
  readonly fromUs: number;
  readonly role: string;
  readonly term: number;
}

export class SimTrace {
  readonly #nodes: readonly string[];
  readonly #messages: MessageRow[] = [];
  readonly #roles: RoleRow[] = [];
  readonly #since = new Map<number, RoleSince>();
  readonly #marks: MarkRow[] = [];
  readonly #progress: ProgressRow[] = [];
  /** Of each node, when its lives began. */
  readonly #starts = new Map<number, number[]>();
  readonly #lastIndexes = new Map<number, number>();
  /** By link, what the last append or answer said. */
  readonly #lastSaid = new Map<string, string>();
  #leftOut = 0;

  /** In the order of their lanes. */
  constructor(nodes: readonly string[]) {
    this.#nodes = nodes;
  }

  message(end: MessageEnd): void {
    const { from, to, sentUs, endUs, message } = end;
    const { type, numbers } = drawMessage(message, this.#isQuiet(end));
    if (this.#messages.length >= messagesMax) {
      this.#leftOut++;
      return;
    }
    const place = [this.#nodes.indexOf(from), this.#nodes.indexOf(to)];
    const fate = [messageFates.indexOf(end.fate), messageKinds.indexOf(end.kind)];
    this.#messages.push([sentUs, endUs - sentUs, ...place, type, ...fate, ...numbers]);
  }

  /** Says what the one before it on the link has said, and arrives in the usual way. */
  #isQuiet({ from, to, fate, kind, message }: MessageEnd): boolean {
    const said = essenceOf(message);
    if (said === null) return false;
    const link = `${from}>${to} ${message.type}`;
    const isNews = this.#lastSaid.get(link) !== said;
    this.#lastSaid.set(link, said);
    const carriesEntries = message.type === 'appendEntries' && message.entries.length > 0;
    return !isNews && !carriesEntries && fate === 'delivered' && kind === 'first';
  }

  event({ node: name, timeUs, told }: NodeTraceEvent): void {
    const node = this.#nodes.indexOf(name);
    const mark = (words: string): number => this.#marks.push([timeUs, node, words]);
    switch (told.event) {
      case 'start':
        this.#begin(node, timeUs);
        this.#lastIndexes.set(node, told.lastLogIndex);
        mark(`starts in term ${told.term} with a log up to index ${told.lastLogIndex}`);
        return;
      case 'status':
        this.#role(node, { fromUs: timeUs, role: told.role, term: told.term });
        return;
      case 'persisted':
        if (told.votedFor !== null) mark(`has voted for ${told.votedFor} in term ${told.term}`);
        return;
      case 'append': {
        const first = told.entries[0]?.index ?? Number.POSITIVE_INFINITY;
        const before = this.#lastIndexes.get(node) ?? 0;
        if (first <= before) mark(`drops its log from index ${first} to ${before}`);
        this.#lastIndexes.set(node, told.entries.at(-1)?.index ?? before);
        return;
      }
      case 'commit':
        this.#advance([timeUs, node, 0, told.index, told.term]);
        return;
      case 'apply':
        this.#advance([timeUs, node, 1, told.index, told.entryTerm]);
        return;
      case 'configuration':
        mark(`members from index ${told.index}: ${told.configuration.voters.join(' ')}`);
        return;
      case 'snapshot':
        mark(`takes a snapshot up to index ${told.index}`);
        return;
      case 'install':
        mark(`installs a snapshot up to index ${told.index}`);
        return;
      default:
        return;
    }
  }

  #advance(row: ProgressRow): void {
    if (this.#progress.length < progressMax) this.#progress.push(row);
  }

  #begin(node: number, timeUs: number): void {
    this.#starts.set(node, [...(this.#starts.get(node) ?? []), timeUs]);
  }

  #role(node: number, next: RoleSince): void {
    const last = this.#since.get(node);
    if (last?.role === next.role && last.term === next.term) return;
    if (last !== undefined)
      this.#roles.push([node, last.fromUs, next.fromUs, last.role, last.term]);
    this.#since.set(node, next);
  }

  /** What there is at the end; `logOf`: the lines that each node wrote. */
  drawn(endUs: number, logOf: (node: string) => readonly string[]): Drawn {
    const marks = [...this.#marks];
    const downs: DownRow[] = [];
    for (const [node, name] of this.#nodes.entries()) {
      const starts = this.#starts.get(node) ?? [];
      for (const { atUs, words } of endsIn(logOf(name))) {
        marks.push([atUs, node, words]);
        const back = starts.find((start) => start > atUs) ?? endUs;
        downs.push([node, atUs, back, words]);
      }
    }
    const open = [...this.#since].map(
      ([node, { fromUs, role, term }]): RoleRow => [node, fromUs, endUs, role, term],
    );
    const roles = [...this.#roles, ...open].flatMap((row) => cutAtDowns(row, downs));
    return {
      ...{ nodes: this.#nodes, types: messageTypes, leftOut: this.#leftOut, downs },
      messages: this.#messages.toSorted((one, other) => (one[0] ?? 0) - (other[0] ?? 0)),
      roles: roles.toSorted((one, other) => one[1] - other[1]),
      marks: marks.toSorted((one, other) => one[0] - other[0]),
      progress: this.#progress,
    };
  }
}

/** What of a message would make another one news; null where each is. */
function essenceOf(message: Message): string | null {
  if (message.type === 'appendEntries') {
    return `${message.term} ${message.leaderCommit} ${message.prevLogIndex}`;
  }
  if (message.type !== 'appendEntriesResponse') return null;
  return `${message.term} ${message.success} ${message.matchIndex} ${message.conflictIndex}`;
}

/** A role ends with the life that had it. */
function cutAtDowns(row: RoleRow, downs: readonly DownRow[]): readonly RoleRow[] {
  const [node, fromUs, toUs, role, term] = row;
  const end = downs
    .filter(([downNode, atUs]) => downNode === node && atUs >= fromUs && atUs < toUs)
    .map(([, atUs]) => atUs);
  const cutUs = Math.min(toUs, ...end);
  return cutUs > fromUs ? [[node, fromUs, cutUs, role, term]] : [];
}

/** The ends of lives, as the simulation notes them in a node's log. */
function endsIn(lines: readonly string[]): readonly { readonly atUs: number; words: string }[] {
  const ends: { readonly atUs: number; words: string }[] = [];
  for (const line of lines) {
    if (!line.includes('"simulation.')) continue;
    const parsed: unknown = JSON.parse(line);
    if (typeof parsed !== 'object' || parsed === null) continue;
    const { timeMs, event, name, error } = parsed as Record<string, unknown>;
    const atUs = Math.round(Number(timeMs) * 1000);
    const words = endWords(String(event), String(name), error);
    // A crash point is told twice: as itself, and as the crash that it is.
    if (words === null || ends.at(-1)?.atUs === atUs) continue;
    ends.push({ atUs, words });
  }
  return ends;
}

function endWords(event: string, name: string, error: unknown): string | null {
  switch (event) {
    case 'simulation.crash':
      return 'is killed';
    case 'simulation.power-loss':
      return 'loses its power';
    case 'simulation.crash-point':
      return `crashes at the crash point ${name}`;
    case 'simulation.unexpected-exit':
      return `ends by itself: ${typeof error === 'string' ? error : JSON.stringify(error)}`;
    default:
      return null;
  }
}
