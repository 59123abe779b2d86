/**
 * Delay: everything between nodes comes later, by about the same or with much jitter.
 *
 * How much is drawn, if no script says: less than what a node waits for a leader, about as much,
 * and more than that. [Jepsen]
 */
import { randomItem } from '../run/random.ts';
import { numberOf } from './fault-parameters.ts';
import { linkFaults } from './link-faults.ts';
import type { FamilyModule } from './tools.ts';

const delaysMs = [10, 50, 200];
const delayMsMax = 60_000;

export const delay: FamilyModule = linkFaults({
  name: 'delay',
  description: 'what nodes send to one another comes later',
  scopes: ['few', 'one', 'leader', 'all'],
  needs: ['delay'],
  cuts: false,
  parameters: {
    ms: `milliseconds; one of ${delaysMs.join(', ')}`,
    jitterMs: 'up to so much more or less, at most ms; half of ms',
  },
  mode: ({ parameters, random }) => {
    const drawn = randomItem(random, delaysMs);
    const ms = numberOf(parameters, 'ms', { min: 1, max: delayMsMax, otherwise: drawn });
    const range = { min: 0, max: ms, otherwise: Math.floor(ms / 2) };
    return { type: 'delay', ms, jitterMs: numberOf(parameters, 'jitterMs', range) };
  },
  evidence: 'the rules that were read back, and how many packets or chunks had to wait',
});
