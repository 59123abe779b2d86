import { expect, it } from 'vitest';
import { errorTable } from '../../server/errors.ts';
import { definiteErrors } from '../systems/reference.ts';

it('the harness and the server agree on which errors are definite', () => {
  const definite = Object.entries(errorTable).flatMap(([code, { definite }]) =>
    definite ? [code] : [],
  );
  expect([...definiteErrors].sort()).toEqual(definite.sort());
});
