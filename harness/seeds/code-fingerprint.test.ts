import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { fingerprintCode } from './code-fingerprint.ts';

const folder = mkdtempSync(join(tmpdir(), 'rafture-code-fingerprint-'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const files: Readonly<Record<string, string>> = {
  'main.ts': "import { a } from './a.ts';\nconst later = await import('./b/late.ts');\n",
  'a.ts': "export { c } from './b/c.ts';\nimport { z } from 'zod';\n",
  'b/c.ts': "import '../main.ts';\nexport const c = 1;\n",
  'b/late.ts': 'export const late = 1;\n',
  'other.ts': 'export const other = 1;\n',
};

function fingerprintOf(name: string, changed: Readonly<Record<string, string>> = {}): string {
  const root = join(folder, name);
  for (const [path, text] of Object.entries({ ...files, ...changed })) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  const without = (path: string): boolean => path.startsWith('bugs/');
  return fingerprintCode([join(root, 'main.ts')], { root, without });
}

test('two checkouts of the same code have the same fingerprint', () => {
  expect(fingerprintOf('one')).toBe(fingerprintOf('two'));
  expect(fingerprintOf('one')).toMatch(/^[0-9a-f]{12}$/);
});

test('a change in what is imported changes it, however far away, and none elsewhere does', () => {
  const whole = fingerprintOf('whole');
  for (const path of ['main.ts', 'a.ts', 'b/c.ts', 'b/late.ts']) {
    expect(fingerprintOf(path, { [path]: `${files[path]}// changed\n` }), path).not.toBe(whole);
  }
  expect(fingerprintOf('other', { 'other.ts': 'export const other = 2;\n' })).toBe(whole);
});

test('what is left out may change', () => {
  const main = `${files['main.ts']}import './bugs/x.ts';\n`;
  const one = fingerprintOf('bug-1', { 'main.ts': main, 'bugs/x.ts': 'export const x = 1;' });
  const other = fingerprintOf('bug-2', { 'main.ts': main, 'bugs/x.ts': 'export const x = 2;' });
  expect(one).toBe(other);
});
