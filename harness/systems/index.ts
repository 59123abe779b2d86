/** The registry of systems under test, by the names that `--system` takes. */
import { reference } from './reference.ts';
import type { System } from './system.ts';

export const systems: readonly System[] = [reference];
