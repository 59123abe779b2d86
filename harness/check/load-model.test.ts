import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Operation } from '../../checker/history.ts';
import { loadModel, ModelError } from './load-model.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rafture-model-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

let fileCount = 0;
function file(text: string): string {
  fileCount += 1;
  const path = join(folder, `model-${fileCount}.ts`);
  writeFileSync(path, text);
  return path;
}

const shape = `{ name: 'max', functions: ['put'], init: 0, step: (state: number) => state }`;
const put: Operation = {
  id: 0,
  process: 0,
  f: 'put',
  key: null,
  value: 1,
  output: null,
  call: 0,
  return: 1,
};

test('a name of the registry is that model', async () => {
  expect((await loadModel('kv')).name).toBe('kv');
});

test('a register begins with the value that was chosen', async () => {
  const read = { ...put, f: 'read', value: null, output: 3 };
  const begun = await loadModel('cas-register', 3);
  expect(begun.step(begun.init, read)).not.toBeUndefined();
  const absent = await loadModel('cas-register');
  expect(absent.step(absent.init, read)).toBeUndefined();
});

test.each(['export const model = ', 'export default '])(
  'a TypeScript file with %s is a model, with the members that it leaves out',
  async (words) => {
    const model = await loadModel(file(`${words}${shape};`));
    expect(model.name).toBe('max');
    expect(model.step(5, put)).toBe(5);
    expect(model.stateKey(5)).toBe('5');
    expect(model.isObserver(put)).toBe(false);
  },
);

test.each([
  ['a name that there is not', () => 'queue', 'there is no model queue; there are '],
  ['a file that there is not', () => join(folder, 'none.ts'), 'there is no model file'],
  ['a file without a model', () => file('export const other = 1;'), 'exports no model'],
  ['a file that is no code', () => file('export const model = {'), 'cannot be loaded'],
  ['a model that is a number', () => file('export const model = 7;'), 'it is 7, no object'],
  [
    'a model without a step',
    () => file(`export const model = { ...${shape}, step: 1 };`),
    '"step"',
  ],
  [
    'a model without names',
    () => file(`export const model = { ...${shape}, functions: [] };`),
    '[]',
  ],
  [
    'a model without a beginning',
    () => file("export const model = { name: 'x', functions: ['y'], step: () => 1 };"),
    '"init", the state in the beginning, is missing',
  ],
  [
    'a member of the wrong kind',
    () => file(`export const model = { ...${shape}, stateKey: 'text' };`),
    '"stateKey" must be a function, or left out, but is "text"',
  ],
])('%s is refused, and the complaint says why', async (_, nameOrPath, words) => {
  const error: unknown = await loadModel(nameOrPath()).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ModelError);
  expect(String(error)).toContain(words);
});

test('an initial value is refused where there is none to choose', async () => {
  await expect(loadModel('mutex', 0)).rejects.toThrow('the model mutex has no initial value');
  await expect(loadModel(file(`export const model = ${shape};`), 0)).rejects.toThrow('(init)');
});

test.each([
  ['a promise', 'async step() { return 1; }', 'returned a promise'],
  ['false', 'step() { return false; }', 'returned false: what is not possible is undefined'],
  ['null', 'step() { return null; }', 'returned null: what is not possible is undefined'],
  ['a state that it changed', 'step(state) { state.push(1); return state; }', 'extensible'],
  ['nothing but an error', 'step() { throw new Error("boom"); }', 'operation 7 (push): boom'],
])('a step of one’s own that returns %s is found out', async (_, step, words) => {
  const path = join(folder, `guarded-${words.length}.mjs`);
  writeFileSync(
    path,
    `export const model = { name: 'own', functions: ['push'], init: [], ${step} };`,
  );
  const model = await loadModel(path);
  const operation = { id: 7, process: 0, f: 'push', key: null, value: 1, output: 1, call: 7 };
  const take = (): unknown => model.step(model.init, { ...operation, return: 8 });
  expect(take).toThrow(words);
});
