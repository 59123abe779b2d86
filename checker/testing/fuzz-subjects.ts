/**
 * Every model with the histories that it is tested on: kinds of operations for all tiny ones,
 * and generators of random ones. A model is tested everywhere once it stands here.
 */
import type { Model } from '../model.ts';
import { createCounter } from '../models/counter.ts';
import { createFencedLock } from '../models/fenced-lock.ts';
import { createFetchAndAdd } from '../models/fetch-and-add.ts';
import { createFifoQueue } from '../models/fifo-queue.ts';
import { createGrowSet } from '../models/grow-set.ts';
import { createKv } from '../models/kv.ts';
import { createListAppend } from '../models/list-append.ts';
import { createLock } from '../models/lock.ts';
import { createMutex } from '../models/mutex.ts';
import { createCasRegister, createRegister } from '../models/register.ts';
import { createSet } from '../models/set.ts';
import { createUniqueIds } from '../models/unique-ids.ts';
import type { Records } from './check-whole.ts';
import type { Metamorphic } from './metamorphic.ts';
import {
  type HistoryShape,
  type RandomSource,
  randomShape,
  scribbleHistory,
  simulateHistory,
} from './random-history.ts';
import { randomLockHistory } from './random-lock-history.ts';
import { missHistory } from './random-miss-history.ts';
import { randomObjectHistory } from './random-object-history.ts';
import { backToStartHistory, crowdedHistory, nestedMissHistory } from './random-special-history.ts';
import type { OperationKind } from './tiny-histories.ts';

export type DrawHistory = (random: RandomSource) => Records;

export interface FuzzSubject extends Metamorphic {
  readonly model: Model;
  /** Each gives histories of its own sort; a seed chooses one. */
  readonly draw: readonly DrawHistory[];
}

const register = (change: Partial<HistoryShape>): readonly DrawHistory[] => [
  (random) => ({ operations: simulateHistory({ ...randomShape(random, 7), ...change }, random) }),
  (random) => ({ operations: scribbleHistory({ ...randomShape(random, 7), ...change }, random) }),
];
const drawnBy =
  (draw: (random: RandomSource) => Records['operations']): DrawHistory =>
  (random) => ({ operations: draw(random) });
const object = (name: string): readonly DrawHistory[] => [
  (random) => randomObjectHistory(name, random),
];
const lock = (name: string): readonly DrawHistory[] => [
  (random) => randomLockHistory(name, random),
];

const did = (f: string, value: unknown, output: unknown): OperationKind => ({ f, value, output });
const open = (f: string, value: unknown): OperationKind => ({ f, value, isOpen: true });

const registerKinds = [
  did('write', 1, 1),
  did('write', 2, 2),
  did('read', null, null),
  did('read', null, 1),
  did('read', null, 2),
  open('write', 1),
  open('write', 2),
];
const casKinds = [
  ...registerKinds,
  did('cas', [1, 2], { swapped: true }),
  did('cas', [1, 2], { swapped: false }),
  did('cas', [1, 2], { swapped: false, seen: 2 }),
  did('cas', [1, 2], { swapped: true, seen: 2 }),
  did('cas', [1, 2], { swapped: false, seen: 1 }),
  did('cas', [null, 1], { swapped: true }),
  did('cas', [1, null], { swapped: true }),
  open('cas', [1, 2]),
  open('cas', [2, 1]),
];

export const fuzzSubjects: readonly FuzzSubject[] = [
  {
    model: createRegister(),
    kinds: registerKinds,
    isRenamable: true,
    draw: register({ casShare: 0 }),
  },
  {
    model: createCasRegister(),
    kinds: casKinds,
    isRenamable: true,
    draw: [
      ...register({}),
      drawnBy(crowdedHistory),
      drawnBy(nestedMissHistory),
      drawnBy(backToStartHistory),
      drawnBy((random) => missHistory(random, 7)),
    ],
  },
  {
    model: createKv(),
    kinds: [
      did('put', 'a', null),
      did('put', 'ab', null),
      did('append', 'b', null),
      did('append', 'ab', null),
      did('delete', null, null),
      did('get', null, null),
      did('get', null, 'a'),
      did('get', null, 'ab'),
      did('get', null, 'b'),
      open('put', 'a'),
      open('append', 'b'),
      open('delete', null),
    ],
    isRenamable: false,
    draw: lock('kv'),
  },
  {
    model: createSet(),
    kinds: [
      did('add', 1, null),
      did('add', 1, true),
      did('add', 1, false),
      did('remove', 1, null),
      did('remove', 1, true),
      did('remove', 1, false),
      did('contains', 1, true),
      did('contains', 1, false),
      did('add', 2, true),
      did('read', null, []),
      did('read', null, [2, 1]),
      open('add', 1),
      open('remove', 1),
    ],
    isRenamable: true,
    draw: object('set'),
  },
  {
    model: createGrowSet(),
    kinds: [
      did('add', 1, null),
      did('add', 2, null),
      did('read', null, []),
      did('read', null, [1]),
      did('read', null, [2]),
      did('read', null, [2, 1]),
      open('add', 1),
      open('add', 2),
    ],
    isRenamable: true,
    draw: object('grow-set'),
  },
  {
    model: createListAppend(),
    kinds: [
      did('append', 1, null),
      did('append', 2, null),
      did('append', 2, 1),
      did('append', 1, 2),
      did('read', null, null),
      did('read', null, [1]),
      did('read', null, [2]),
      did('read', null, [1, 2]),
      did('read', null, [2, 1]),
      open('append', 1),
      open('append', 2),
    ],
    isRenamable: false,
    draw: object('list-append'),
  },
  {
    model: createFifoQueue(),
    kinds: [
      did('enqueue', 1, null),
      did('enqueue', 2, null),
      did('dequeue', null, null),
      did('dequeue', null, 1),
      did('dequeue', null, 2),
      open('enqueue', 1),
      open('enqueue', 2),
      open('dequeue', null),
    ],
    isRenamable: true,
    draw: lock('fifo-queue'),
  },
  {
    model: createCounter(),
    kinds: [
      did('add', 1, null),
      did('add', 2, null),
      did('add', -1, null),
      did('add', 0, null),
      did('read', null, 0),
      did('read', null, 1),
      did('read', null, 2),
      did('read', null, -1),
      open('add', 1),
      open('add', -1),
    ],
    isRenamable: false,
    draw: object('counter'),
  },
  {
    model: createFetchAndAdd(),
    kinds: [
      did('fetch-and-add', 1, 0),
      did('fetch-and-add', null, 1),
      did('fetch-and-add', 1, 2),
      did('fetch-and-add', 2, 0),
      did('fetch-and-add', 0, 1),
      did('read', null, 0),
      did('read', null, 1),
      did('read', null, 2),
      open('fetch-and-add', 1),
      open('fetch-and-add', 2),
    ],
    isRenamable: false,
    draw: object('fetch-and-add'),
  },
  {
    model: createUniqueIds(),
    kinds: [
      did('generate', null, 1),
      did('generate', null, 2),
      did('generate', null, 'a'),
      open('generate', null),
    ],
    isRenamable: true,
    draw: object('unique-ids'),
  },
  {
    model: createMutex(),
    kinds: [
      did('acquire', null, null),
      did('acquire', null, false),
      did('release', null, null),
      did('release', null, false),
      open('acquire', null),
      open('release', null),
    ],
    isRenamable: false,
    draw: lock('mutex'),
  },
  {
    model: createFencedLock(),
    kinds: [
      did('acquire', null, 1),
      did('acquire', null, 2),
      did('release', 1, null),
      did('write', [1, 'a'], true),
      did('write', [2, 'a'], true),
      did('write', [1, 'b'], false),
      open('acquire', null),
      open('write', [1, 'a']),
      open('write', [2, 'a']),
    ],
    isRenamable: false,
    draw: lock('fenced-lock'),
  },
  {
    model: createLock(),
    kinds: [
      did('acquire', null, 1),
      did('acquire', null, 2),
      did('acquire', 1, 2),
      did('release', 1, null),
      did('release', 2, null),
      did('write', [1, 'a'], true),
      did('write', [2, 'a'], true),
      did('write', [1, 'b'], false),
      open('acquire', null),
      open('acquire', 1),
      open('release', 1),
      open('write', [2, 'a']),
    ],
    isRenamable: false,
    draw: lock('lock'),
  },
];
