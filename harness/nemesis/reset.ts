/**
 * Connection reset: connections break, and new ones are refused until the end of the fault.
 *
 * It lasts: the moment in which connections break is its beginning, and the refusals after it,
 * which are errors where a partition is silence, come in addition. A script that ends it after one
 * operation has the moment alone.
 */
import { linkFaults } from './link-faults.ts';
import type { FamilyModule } from './tools.ts';

export const reset: FamilyModule = linkFaults({
  name: 'reset',
  description: 'connections break, and new ones are refused',
  scopes: ['pair', 'one', 'leader', 'all', 'clients'],
  needs: ['reset'],
  cuts: true,
  parameters: {},
  mode: () => ({ type: 'reset' }),
  evidence: 'the rules that were read back, and how many connections were broken or refused',
});
