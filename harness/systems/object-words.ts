/**
 * What operations take and answer, in words: for whoever writes a workload, or a client.
 *
 * A vocabulary, whatever the system: which of them a system offers it says itself (system.ts). A
 * test holds the two, and workloads/README.md, together.
 */

export interface OperationWords {
  /** The `value` of the operation. */
  readonly takes: string;
  /** What is read, or the `result` of a change; for a model both are `output`. */
  readonly answers: string;
}

const none = 'null';
const whole = 'a whole number';
const text = 'a text';
const nothing = 'nothing';

/** By object, then by operation. */
export const objectWords: Readonly<Record<string, Readonly<Record<string, OperationWords>>>> = {
  register: {
    read: { takes: none, answers: 'the number; null when there is none' },
    write: { takes: whole, answers: nothing },
    cas: {
      takes: '[expected, new], whole numbers; expected may be null: there is none',
      answers: '{ swapped, seen }: whether it was set, and what was there before',
    },
  },
  kv: {
    get: { takes: none, answers: 'the text; null when there is none' },
    put: { takes: text, answers: nothing },
    append: { takes: text, answers: nothing },
    delete: { takes: none, answers: nothing },
  },
  set: {
    add: { takes: whole, answers: 'true when it is new, else false' },
    remove: { takes: whole, answers: 'true when it was there, else false' },
    contains: { takes: whole, answers: 'true or false' },
    read: { takes: none, answers: 'the elements, in any order' },
  },
  list: {
    append: { takes: whole, answers: 'the length after it' },
    read: { takes: none, answers: 'the elements, in their order' },
  },
  queue: {
    enqueue: { takes: whole, answers: nothing },
    dequeue: { takes: none, answers: 'the element at the front; null when there is none' },
  },
  counter: {
    add: { takes: whole, answers: nothing },
    read: { takes: none, answers: 'the sum; 0 before the first addition' },
    'fetch-and-add': { takes: whole, answers: 'the sum before it' },
  },
  ids: {
    generate: { takes: none, answers: 'a whole number' },
  },
  lock: {
    acquire: {
      takes: 'null; or a token: take the lock over from its holder',
      answers: 'a token, greater than all before; fails with code held or free',
    },
    release: {
      takes: 'the token of the holder',
      answers: 'nothing; fails with code not-held',
    },
    write: { takes: '[token, payload]', answers: 'true; false when a greater token has written' },
  },
  'session-list': {
    append: {
      takes: whole,
      answers: 'the length after it; it happens once, however often it is sent',
    },
    read: { takes: none, answers: 'the elements, in their order' },
  },
};
