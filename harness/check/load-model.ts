/**
 * Finds the model that a person named: one of the registry, or a file of their own.
 *
 * A file is code, and runs with the rights of whoever checks. It is loaded by its path in every
 * thread that needs it, because functions cannot be posted. Complaints say which member is wrong.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Operation } from '../../checker/history.ts';
import { defineModel, type Model, type ModelDefinition } from '../../checker/model.ts';
import {
  findModel,
  findModelWithInitial,
  modelNames,
  modelNamesWithInitial,
} from '../../checker/models/registry.ts';
import { describeWithPlace } from './place-in-file.ts';

/** There is no such model, or it is not one. The history is not at fault. */
export class ModelError extends Error {
  override readonly name = 'ModelError';
}

const filePattern = /[/\\]|\.[mc]?[jt]s$/;
const optionalFunctions = [
  'check',
  'stateKey',
  'isObserver',
  'describeState',
  'touches',
  'findBad',
  'canonical',
  'parts',
  'replayer',
  'fast',
  'guided',
] as const satisfies readonly (keyof ModelDefinition)[];

/**
 * A name of `modelNames`, or the path of a module that exports a ModelDefinition as `model` or as
 * its default. `initial` replaces the value that a register begins with. Throws ModelError.
 */
export async function loadModel(nameOrPath: string, initial?: unknown): Promise<Model> {
  const isFile = findModel(nameOrPath) === undefined && filePattern.test(nameOrPath);
  if (!isFile) return findNamed(nameOrPath, initial);
  if (initial !== undefined) {
    throw new ModelError(
      `${nameOrPath} says itself what it begins with (init); an initial value can be chosen for ` +
        modelNamesWithInitial.join(', '),
    );
  }
  return defineModel(guardStep(await loadDefinition(nameOrPath), resolve(nameOrPath)));
}

/**
 * The same model, whose step is watched: what is easily written by mistake would else pass for a
 * state, and a wrong history for a right one. Throws in a check, which is then unknown.
 */
function guardStep(definition: ModelDefinition, path: string): ModelDefinition {
  const { name, init } = definition;
  const step = (state: unknown, operation: Operation): unknown => {
    const where = `the step of the model ${name}, operation ${operation.id} (${operation.f})`;
    let next: unknown;
    try {
      next = definition.step(state, operation);
    } catch (error) {
      throw new ModelError(`${where}: ${describeWithPlace(error, path)}`);
    }
    const isPromise = typeof next === 'object' && next !== null && 'then' in next;
    if (isPromise) throw new ModelError(`${where}, returned a promise: it must be synchronous`);
    const isMistake =
      (next === false && typeof init !== 'boolean') || (next === null && init !== null);
    if (isMistake) {
      throw new ModelError(
        `${where}, returned ${next}: what is not possible is undefined; a model with ${next} ` +
          'among its states must begin with one such',
      );
    }
    // A step that changes the state it was given fails here, and not in a wrong verdict.
    return typeof next === 'object' ? Object.freeze(next) : next;
  };
  return { ...definition, init: typeof init === 'object' ? Object.freeze(init) : init, step };
}

function findNamed(name: string, initial: unknown): Model {
  const model = findModel(name);
  if (model === undefined) {
    throw new ModelError(
      `there is no model ${name}; there are ${modelNames.join(', ')}. A model of your own is ` +
        'named by its path, such as ./my-model.ts',
    );
  }
  if (initial === undefined) return model;
  const changed = findModelWithInitial(name, initial);
  if (changed !== undefined) return changed;
  throw new ModelError(
    `the model ${name} has no initial value to choose; ${modelNamesWithInitial.join(', ')} have`,
  );
}

async function loadDefinition(path: string): Promise<ModelDefinition> {
  const absolute = resolve(path);
  if (!existsSync(absolute)) throw new ModelError(`there is no model file ${path}`);
  const loaded: unknown = await import(pathToFileURL(absolute).href).catch((error: unknown) => {
    throw new ModelError(`${path} cannot be loaded: ${describeWithPlace(error, absolute)}`);
  });
  const definition = exportOf(loaded);
  if (definition === undefined) {
    throw new ModelError(`${path} exports no model: it must export one as "model" or as default`);
  }
  if (!isDefinition(definition)) {
    const complaint = describeBadDefinition(definition) ?? 'it is no model';
    throw new ModelError(`the model of ${path} has the wrong shape: ${complaint}`);
  }
  return definition;
}

function exportOf(loaded: unknown): unknown {
  if (typeof loaded !== 'object' || loaded === null) return undefined;
  if ('model' in loaded) return loaded.model;
  return 'default' in loaded ? loaded.default : undefined;
}

function isDefinition(value: unknown): value is ModelDefinition {
  return describeBadDefinition(value) === null;
}

/** The first member that is wrong, in words; null when none is. */
function describeBadDefinition(value: unknown): string | null {
  if (typeof value !== 'object' || value === null) return `it is ${wordFor(value)}, no object`;
  const members: Readonly<Record<string, unknown>> = { ...value };
  const { name, functions } = members;
  if (typeof name !== 'string' || name === '') return mustBe('name', 'a text', name);
  if (!Array.isArray(functions) || functions.length === 0 || !functions.every(isName)) {
    return mustBe('functions', 'a list of the names of its operations', functions);
  }
  if (!('init' in members)) return '"init", the state in the beginning, is missing';
  if (typeof members['step'] !== 'function') {
    return mustBe('step', 'a function of a state and an operation', members['step']);
  }
  for (const member of optionalFunctions) {
    const found = members[member];
    if (found !== undefined && typeof found !== 'function') {
      return mustBe(member, 'a function, or left out', found);
    }
  }
  return null;
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

function mustBe(member: string, expected: string, found: unknown): string {
  const state = found === undefined ? 'is missing' : `is ${wordFor(found)}`;
  return `"${member}" must be ${expected}, but ${state}`;
}

function wordFor(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  return JSON.stringify(value) ?? String(value);
}
