/**
 * Rate: links between nodes that carry little, so that what is much must queue. [Jepsen]
 *
 * How little is drawn, if no script says: less than heartbeats alone take, about as much as a light
 * load does, and more.
 */
import { randomItem } from '../run/random.ts';
import { numberOf } from './fault-parameters.ts';
import { linkFaults } from './link-faults.ts';
import type { FamilyModule } from './tools.ts';

const rates = [8, 32, 128];

export const rate: FamilyModule = linkFaults({
  name: 'rate',
  description: 'links between nodes carry so much in a second and no more',
  scopes: ['few', 'one', 'leader', 'all'],
  needs: ['rate'],
  cuts: false,
  parameters: { kilobitsPerS: `of each link, each way; one of ${rates.join(', ')}` },
  mode: ({ parameters, random }) => {
    const range = { min: 1, max: 1e6, otherwise: randomItem(random, rates) };
    return { type: 'rate', kilobitsPerS: numberOf(parameters, 'kilobitsPerS', range) };
  },
  evidence: 'the rules that were read back, and how many packets or chunks passed the narrow link',
});
