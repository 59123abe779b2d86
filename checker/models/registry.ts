/** The models by the names that a person gives on the command line. */
import type { Model } from '../model.ts';
import { createCounter } from './counter.ts';
import { createFencedLock } from './fenced-lock.ts';
import { createFetchAndAdd } from './fetch-and-add.ts';
import { createFifoQueue } from './fifo-queue.ts';
import { createGrowSet } from './grow-set.ts';
import { createKv } from './kv.ts';
import { createListAppend } from './list-append.ts';
import { createLock } from './lock.ts';
import { createMutex } from './mutex.ts';
import { createCasRegister, createRegister } from './register.ts';
import { createSet } from './set.ts';
import { createUniqueIds } from './unique-ids.ts';

/** The models that begin with a value which somebody may choose. */
const withInitial: readonly ((initial?: unknown) => Model)[] = [createRegister, createCasRegister];

const withoutInitial: readonly (() => Model)[] = [
  createCounter,
  createFencedLock,
  createFetchAndAdd,
  createFifoQueue,
  createGrowSet,
  createKv,
  createListAppend,
  createLock,
  createMutex,
  createSet,
  createUniqueIds,
];

const models: ReadonlyMap<string, Model> = new Map<string, Model>(
  [...withInitial, ...withoutInitial]
    .map((create) => create())
    .map((model): [string, Model] => [model.name, model])
    .sort(([a], [b]) => (a < b ? -1 : 1)),
);

/** All names, sorted for messages. */
export const modelNames: readonly string[] = [...models.keys()];

/** The names of those for which an initial value can be chosen. */
export const modelNamesWithInitial: readonly string[] = withInitial
  .map((create) => create().name)
  .sort();

/** The model of that name; undefined when there is none. */
export function findModel(name: string): Model | undefined {
  return models.get(name);
}

/** The same with another initial value; undefined when there is none or it takes no such value. */
export function findModelWithInitial(name: string, initial: unknown): Model | undefined {
  const create = withInitial.find((candidate) => candidate().name === name);
  return create?.(initial);
}
