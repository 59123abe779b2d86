/**
 * What a space-time diagram is drawn from, in numbers that survive JSON and stay small: rows of
 * plain arrays, in the order of their times. All times are microseconds of virtual time.
 */

/** What a message is about; each has a colour and can be left out. */
export const messageGroups = [
  'append',
  'heartbeat',
  'vote',
  'pre-vote',
  'snapshot',
  'read index',
  'transfer',
] as const;
export type MessageGroup = (typeof messageGroups)[number];

export const messageFates = ['delivered', 'cut', 'lost', 'unreachable', 'refused'] as const;
export const messageKinds = ['first', 'copy', 'replay'] as const;

/**
 * A type of message: its name, its group, and the names of its numbers. Two messages of a group may
 * be of different types: a question and its answer.
 */
export interface MessageType {
  readonly name: string;
  readonly group: MessageGroup;
  readonly fields: readonly string[];
}

/**
 * sentUs, how long it was under way, from, to (places in `nodes`), type, fate, kind, and then the
 * numbers that its type names.
 */
export type MessageRow = readonly number[];

/** What happened inside a node: when, which node, and in words. */
export type MarkRow = readonly [atUs: number, node: number, words: string];

/** From when to when a node had a role: node, fromUs, toUs, role, term. */
export type RoleRow = readonly [
  node: number,
  fromUs: number,
  toUs: number,
  role: string,
  term: number,
];

/** When a node did not run, or was frozen: node, fromUs, toUs, why. */
export type DownRow = readonly [node: number, fromUs: number, toUs: number, why: string];

/** A commit or an apply: when, which node, 0 commit or 1 apply, index, term. */
export type ProgressRow = readonly number[];

export interface DrawnFault {
  readonly f: string;
  readonly description: string;
  readonly fromUs: number;
  readonly toUs: number;
  /** Places in `nodes`; empty: all of them. */
  readonly nodes: readonly number[];
  readonly tookEffect: boolean;
}

export interface DrawnOperation {
  readonly process: number;
  /** A place in `nodes`; -1: none is known. */
  readonly node: number;
  readonly fromUs: number;
  /** null: it never ended. */
  readonly toUs: number | null;
  readonly outcome: 'ok' | 'fail' | 'info';
  readonly words: string;
  /** The verdict names it. */
  readonly isWitness: boolean;
}

export interface SpaceTimeData {
  readonly title: string;
  readonly word: 'valid' | 'invalid' | 'unknown';
  /** Of the verdict. */
  readonly summary: string;
  readonly repeat: string;
  readonly nodes: readonly string[];
  readonly endUs: number;
  readonly types: readonly MessageType[];
  readonly messages: readonly MessageRow[];
  /** Messages that are not in it, for there were too many. */
  readonly leftOut: number;
  readonly roles: readonly RoleRow[];
  readonly downs: readonly DownRow[];
  readonly marks: readonly MarkRow[];
  readonly progress: readonly ProgressRow[];
  readonly faults: readonly DrawnFault[];
  readonly operations: readonly DrawnOperation[];
  /** When the violation was there to be seen; null when there is none, or nobody knows. */
  readonly violationUs: number | null;
}
