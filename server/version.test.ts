import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { serverVersion } from './version.ts';

test('the server says the version of its package', () => {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  expect(JSON.parse(text)).toMatchObject({ version: serverVersion });
});
