/** The models by the names that a person gives on the command line. */
import type { Model } from '../model.ts';
import { createCasRegister, createRegister } from './register.ts';

const models: ReadonlyMap<string, Model> = new Map<string, Model>(
  [createRegister(), createCasRegister()].map((model) => [model.name, model]),
);

/** All names, sorted for messages. */
export const modelNames: readonly string[] = [...models.keys()].sort();

/** The model of that name; undefined when there is none. */
export function findModel(name: string): Model | undefined {
  return models.get(name);
}
