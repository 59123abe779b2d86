import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { errorTable } from './errors.ts';

test('the README lists every error as the table does', () => {
  const readme = readFileSync(new URL('./README.md', import.meta.url), 'utf8');
  const rows = [...readme.matchAll(/^\| `([A-Z]+)` \| (yes|no) \| (.+) \|$/gm)];
  const table = Object.entries(errorTable).map(([code, { meaning, definite }]) => [
    code,
    definite ? 'yes' : 'no',
    meaning,
  ]);
  expect(rows.map(([, code, definite, meaning]) => [code, definite, meaning])).toEqual(table);
});
