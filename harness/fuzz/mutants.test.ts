import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { plantMutant } from './mutant.ts';
import { mutants } from './mutants.ts';

const root = new URL('../../', import.meta.url);

test.each(mutants.map((mutant) => [mutant.name, mutant] as const))(
  'the mutant "%s" still fits the sources, exactly once',
  (_, mutant) => {
    const text = readFileSync(new URL(mutant.file, root), 'utf8');
    expect(plantMutant(mutant, text)).not.toBe(text);
  },
);

test('mutants have names of their own', () => {
  expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
  expect(mutants.length).toBeGreaterThanOrEqual(40);
});
