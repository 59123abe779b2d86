/**
 * Finds the workload that a person named: one of the registry, or a file of their own.
 *
 * A file is code, and runs with the rights of whoever starts it. What is wrong with it is said
 * before a cluster is started (describe-bad-workload.ts, workload-trial.ts), and while it is used
 * (guard-workload.ts).
 */
import { existsSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { findModel } from '../../checker/models/registry.ts';
import { workloads } from '../../workloads/index.ts';
import { loadModel } from '../check/load-model.ts';
import { describeWithPlace } from '../check/place-in-file.ts';
import { hintOf } from '../nearest-name.ts';
import type { Workload } from '../workload.ts';
import { describeBadWorkload } from './describe-bad-workload.ts';
import { guardWorkload, inside, WorkloadError } from './guard-workload.ts';
import { type CreateWorkload, workloadTools } from './workload-tools.ts';
import { describeFailedTrial } from './workload-trial.ts';

const filePattern = /[/\\]|\.[mc]?[jt]s$/;
const modulePattern = /\.[mc]?[jt]s$/;

/**
 * A name of the registry; or the path of a module that exports, as `workload` or as its default, a
 * workload or a function that makes one of the tools it is handed. Rejects with WorkloadError.
 */
export async function findWorkload(nameOrPath: string): Promise<Workload> {
  const found = workloads.find(({ name }) => name === nameOrPath);
  if (found !== undefined) return found;
  if (filePattern.test(nameOrPath)) return loadWorkload(nameOrPath);
  const names = workloads.map(({ name }) => name);
  const hint = hintOf(nameOrPath, names);
  throw new WorkloadError(
    `there is no workload ${nameOrPath || 'without a name'}${hint}; there are ` +
      `${names.join(', ')}, or the path of a file such as ./mine.ts`,
  );
}

async function loadWorkload(path: string): Promise<Workload> {
  const workload = made(await exportOf(path), path);
  const bad = describeBadWorkload(workload);
  if (bad !== null) throw new WorkloadError(`the workload of ${path} has the wrong shape: ${bad}`);
  const { name, fs } = workload as Workload;
  if (workloads.some((each) => each.name === name)) {
    throw new WorkloadError(`the workload of ${path} has the name of one that there is: ${name}`);
  }
  const model = modelOf(workload as Workload, path);
  const loaded = await loadModel(model).catch((error: unknown) => {
    throw new WorkloadError(`the model of ${path}: ${messageOf(error)}`);
  });
  const unknown = fs.filter((f) => !loaded.functions.includes(f));
  if (unknown.length > 0) {
    throw new WorkloadError(
      `the workload of ${path} asks ${unknown.join(', ')}, which its model ${model} does not ` +
        `know; it knows ${loaded.functions.join(', ')}`,
    );
  }
  const guarded = guardWorkload({ ...(workload as Workload), model }, resolve(path));
  const failed = describeFailedTrial(guarded, loaded);
  if (failed !== null) throw new WorkloadError(`the workload of ${path} does not work: ${failed}`);
  return guarded;
}

async function exportOf(path: string): Promise<unknown> {
  const absolute = resolve(path);
  if (!existsSync(absolute)) throw new WorkloadError(`there is no file ${path}`);
  if (!modulePattern.test(path)) {
    throw new WorkloadError(`${path} is no module: its name ends in none of .ts, .mts, .js, .mjs`);
  }
  const loaded: unknown = await import(pathToFileURL(absolute).href).catch((error: unknown) => {
    throw new WorkloadError(`${path} cannot be loaded: ${describeWithPlace(error, absolute)}`);
  });
  const exports: Readonly<Record<string, unknown>> = { ...(loaded as object) };
  const exported = exports['workload'] ?? exports['default'];
  if (exported !== undefined && !isEmptyModule(exports)) return exported;
  throw new WorkloadError(
    `${path} exports no workload: it must export one, or a function that makes one, as ` +
      '"workload" or as default',
  );
}

/** An empty file passes for a CommonJS module, which exports an empty object. */
function isEmptyModule({ default: exported, ...others }: Readonly<Record<string, unknown>>) {
  const isCommonJs = others['module.exports'] === exported;
  return isCommonJs && typeof exported === 'object' && Object.keys(exported ?? {}).length === 0;
}

function made(exported: unknown, path: string): unknown {
  if (typeof exported !== 'function') return exported;
  const member = `the function of ${path} that makes a workload`;
  const workload: unknown = inside({ path: resolve(path), member }, () =>
    (exported as CreateWorkload)(workloadTools),
  );
  // A promise is refused for its shape, whatever becomes of it.
  if (workload instanceof Promise) workload.catch(() => {});
  return workload;
}

/** A file's path is relative to the workload's; from here on, to where rafture was started. */
function modelOf({ model }: Workload, path: string): string {
  if (findModel(model) !== undefined || !filePattern.test(model)) return model;
  return `./${relative('.', resolve(dirname(path), model))}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
