/** Loss: a share of the packets between nodes never arrives, and TCP sends them again. [Jepsen] */
import { numberOf } from './fault-parameters.ts';
import { linkFaults } from './link-faults.ts';
import type { FamilyModule } from './tools.ts';

export const loss: FamilyModule = linkFaults({
  name: 'loss',
  description: 'a share of the packets between nodes is lost; TCP sends them again, later',
  scopes: ['few', 'one', 'leader', 'all'],
  needs: ['loss'],
  cuts: false,
  parameters: { percent: 'of the packets, up to 99: what loses all is a partition; 20' },
  mode: ({ parameters }) => ({
    type: 'loss',
    percent: numberOf(parameters, 'percent', { min: 1, max: 99, otherwise: 20 }),
  }),
  evidence: 'the rules that were read back, and how many packets were lost',
});
