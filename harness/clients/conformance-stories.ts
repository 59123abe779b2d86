/**
 * What each kind of object answers, as stories of a few operations on one key: the data of the
 * conformance suite of clients. A new kind of object is a new entry.
 */

/** What an operation must come to. */
export type Expected =
  /** It happened; nothing else is told. */
  | { readonly type: 'done' }
  /** It happened, and this is the result or, of what reads, the value. */
  | { readonly type: 'gives'; readonly output: unknown }
  /** The same, in any order. */
  | { readonly type: 'gives-all'; readonly elements: readonly number[] }
  /** It tells whether it swapped, and perhaps what it saw. */
  | { readonly type: 'swaps'; readonly swapped: boolean }
  | { readonly type: 'fails'; readonly code: string };

export interface Story {
  readonly object: string;
  readonly about: string;
  readonly steps: readonly (readonly [f: string, value: unknown, expected: Expected])[];
}

const done: Expected = { type: 'done' };
const gives = (output: unknown): Expected => ({ type: 'gives', output });
const givesAll = (...elements: readonly number[]): Expected => ({ type: 'gives-all', elements });
const swaps = (swapped: boolean): Expected => ({ type: 'swaps', swapped });
const fails = (code: string): Expected => ({ type: 'fails', code });

const story = (object: string, about: string, steps: Story['steps']): Story => ({
  object,
  about,
  steps,
});

export const stories: readonly Story[] = [
  story('register', 'is absent, then what was written last', [
    ['read', null, gives(null)],
    ['write', 1, done],
    ['read', null, gives(1)],
    ['write', -2, done],
    ['read', null, gives(-2)],
  ]),
  story('register', 'is swapped where it is what was expected, and else stays', [
    ['write', 1, done],
    ['cas', [1, 2], swaps(true)],
    ['cas', [1, 3], swaps(false)],
    ['read', null, gives(2)],
    ['cas', [null, 4], swaps(false)],
    ['read', null, gives(2)],
  ]),
  story('register', 'is swapped from nothing once', [
    ['cas', [7, 8], swaps(false)],
    ['cas', [null, 1], swaps(true)],
    ['cas', [null, 2], swaps(false)],
    ['read', null, gives(1)],
  ]),
  story('kv', 'is a text that is put, made longer and deleted', [
    ['get', null, gives(null)],
    ['put', '12', done],
    ['get', null, gives('12')],
    ['append', ' 3', done],
    ['get', null, gives('12 3')],
    ['delete', null, done],
    ['get', null, gives(null)],
    ['delete', null, done],
    ['append', 'x', done],
    ['get', null, gives('x')],
    ['put', 'ü"\r\n', done],
    ['get', null, gives('ü"\r\n')],
  ]),
  story('set', 'grows by each element once', [
    ['read', null, givesAll()],
    ['add', 1, gives(true)],
    ['add', -2, gives(true)],
    ['add', 1, gives(false)],
    ['read', null, givesAll(1, -2)],
  ]),
  story('set', 'holds what was added and not removed', [
    ['contains', 1, gives(false)],
    ['remove', 1, gives(false)],
    ['add', 1, gives(true)],
    ['contains', 1, gives(true)],
    ['remove', 1, gives(true)],
    ['contains', 1, gives(false)],
    ['add', 1, gives(true)],
  ]),
  story('list', 'grows at its end and tells its length', [
    ['read', null, gives([])],
    ['append', 5, gives(1)],
    ['append', 3, gives(2)],
    ['append', 5, gives(3)],
    ['read', null, gives([5, 3, 5])],
  ]),
  story('queue', 'gives each element once, the oldest first, and null when it is empty', [
    ['dequeue', null, gives(null)],
    ['enqueue', 5, done],
    ['enqueue', 3, done],
    ['dequeue', null, gives(5)],
    ['enqueue', 4, done],
    ['dequeue', null, gives(3)],
    ['dequeue', null, gives(4)],
    ['dequeue', null, gives(null)],
  ]),
  story('counter', 'begins at 0 and is the sum of what was added', [
    ['read', null, gives(0)],
    ['add', 5, done],
    ['add', -7, done],
    ['read', null, gives(-2)],
  ]),
  story('counter', 'tells what it was before', [
    ['fetch-and-add', 5, gives(0)],
    ['fetch-and-add', -7, gives(5)],
    ['fetch-and-add', 1, gives(-2)],
    ['read', null, gives(-1)],
  ]),
  story('lock', 'is granted to one at a time, each time with a greater token', [
    ['acquire', null, gives(1)],
    ['acquire', null, fails('held')],
    ['release', 1, done],
    ['release', 1, fails('not-held')],
    ['acquire', null, gives(2)],
    ['release', 1, fails('not-held')],
  ]),
  story('lock', 'is taken over from the holder that was named', [
    ['acquire', 1, fails('free')],
    ['acquire', null, gives(1)],
    ['acquire', 1, gives(2)],
    ['acquire', 1, fails('held')],
    ['release', 2, done],
    ['acquire', 2, fails('free')],
  ]),
  story('lock', 'keeps a smaller token than the greatest out of what it protects', [
    ['acquire', null, gives(1)],
    ['write', [1, 10], gives(true)],
    ['acquire', 1, gives(2)],
    ['write', [1, 11], gives(true)],
    ['write', [2, 12], gives(true)],
    ['write', [1, 13], gives(false)],
    ['write', [2, 14], gives(true)],
  ]),
  story('session-list', 'is a list whose appends happen once', [
    ['read', null, gives([])],
    ['append', 5, gives(1)],
    ['append', 3, gives(2)],
    ['append', 5, gives(3)],
    ['append', 1, gives(4)],
    ['append', 2, gives(5)],
    ['append', 4, gives(6)],
    ['read', null, gives([5, 3, 5, 1, 2, 4])],
  ]),
];

/** Operations whose results are told apart from one another, by many clients at once. */
export interface Crowd {
  readonly object: string;
  readonly f: string;
  /** Of the n-th operation, counted from 1. */
  value(nth: number): unknown;
  /** What all results together must be, once they are sorted; null: nothing. */
  readonly results: 'from 0' | 'from 1' | 'different' | null;
  /** What reads it afterwards, and how many elements, or what sum, that must give. */
  readonly read: string | null;
}

const nth = (count: number): number => count;

export const crowds: readonly Crowd[] = [
  { object: 'set', f: 'add', value: nth, results: null, read: 'read' },
  { object: 'list', f: 'append', value: nth, results: 'from 1', read: 'read' },
  { object: 'counter', f: 'add', value: () => 1, results: null, read: 'read' },
  { object: 'counter', f: 'fetch-and-add', value: () => 1, results: 'from 0', read: 'read' },
  { object: 'ids', f: 'generate', value: () => null, results: 'different', read: null },
  { object: 'session-list', f: 'append', value: nth, results: 'from 1', read: 'read' },
];

export interface Probe {
  /** An operation that changes something, and its argument. */
  readonly change: readonly [f: string, value: unknown];
  readonly read: readonly [f: string, value: unknown] | null;
  /** Its client tries the change elsewhere when its own node does not answer. */
  readonly movesOn: boolean;
}

const probe = (change: Probe['change'], read: string | null = 'read'): Probe => ({
  change,
  read: read === null ? null : [read, null],
  movesOn: false,
});

export const probes: Readonly<Record<string, Probe>> = {
  register: probe(['write', 1]),
  kv: probe(['put', 'a'], 'get'),
  set: probe(['add', 1]),
  list: probe(['append', 1]),
  queue: probe(['enqueue', 1], null),
  counter: probe(['add', 1]),
  ids: probe(['generate', null], null),
  lock: probe(['acquire', null], null),
  'session-list': { ...probe(['append', 1]), movesOn: true },
};
