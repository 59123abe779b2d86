/** All mutants of `npm run mutate:checker`. */
import type { Mutant } from './mutant.ts';
import { missMutants } from './mutants-miss.ts';
import { objectMutants } from './mutants-objects.ts';
import { registerMutants } from './mutants-register.ts';
import { searchMutants } from './mutants-search.ts';

export const mutants: readonly Mutant[] = [
  ...registerMutants,
  ...missMutants,
  ...searchMutants,
  ...objectMutants,
];
