/** What the clusters of real processes say no to, and the simulation can do. */
import type { Ability, Capability } from '../cluster.ts';

const remedy = '--cluster sim';

export const onlySimulated: Readonly<Record<Extract<Ability, OnlySimulated>, Capability>> = {
  'step-crash': {
    available: false,
    why: 'nobody counts the steps of a real process',
    remedy,
  },
  'disk-error': {
    available: false,
    why: 'a real disk cannot be told to fail once, and to lose what it held',
    remedy,
  },
};

type OnlySimulated = 'step-crash' | 'disk-error';
