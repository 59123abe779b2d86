/** Planted bugs of the family `sessions`, in the order of the scorecard. */
import type { Bug } from '../bug.ts';
import { sessionMemory } from './session-memory.ts';

export const sessions: readonly Bug[] = [sessionMemory];
