/** Rate: links between nodes that carry little, so that what is much must queue. [Jepsen] */
import { numberOf } from './fault-parameters.ts';
import { linkFaults } from './link-faults.ts';
import type { FamilyModule } from './tools.ts';

export const rate: FamilyModule = linkFaults({
  name: 'rate',
  description: 'links between nodes carry so much in a second and no more',
  scopes: ['few', 'one', 'leader', 'all'],
  needs: ['rate'],
  cuts: false,
  parameters: { kilobitsPerS: 'of each link, each way; 128' },
  mode: ({ parameters }) => ({
    type: 'rate',
    kilobitsPerS: numberOf(parameters, 'kilobitsPerS', { min: 1, max: 1e6, otherwise: 128 }),
  }),
  evidence: 'the rules that were read back, and how many packets or chunks passed the narrow link',
});
