/**
 * Hold and release: a jammed link keeps what is sent on it, and delivers all of it at the end.
 *
 * A message of an old term, or the request of a client that has long given up, arrives after
 * everything that has happened meanwhile: what a partition loses, this one keeps.
 */
import { linkFaults } from './link-faults.ts';
import type { FamilyModule } from './tools.ts';

export const hold: FamilyModule = linkFaults({
  name: 'hold',
  description: 'links carry nothing now, and deliver later all that was sent, in order',
  scopes: ['pair', 'one', 'leader', 'clients'],
  needs: ['hold'],
  cuts: true,
  // What a node answers is lost on whoever has gone; what was asked of it may still take effect.
  clientWays: 'to-node',
  parameters: {},
  mode: () => ({ type: 'hold' }),
  evidence: 'the rules that were read back, and how many packets or chunks were held',
});
