/** What the simulated cluster can do to its nodes, and how. */
import { type Capabilities, capabilitiesOf } from '../cluster.ts';

const can = (how: string) => ({ available: true, how }) as const;

export const simulatedCapabilities: Capabilities = capabilitiesOf(
  {
    drop: can('messages of the link are lost; what goes the other way is another link'),
    oneway: can('messages of the link are lost'),
    loss: can('messages are lost at random, from the seed'),
    delay: can('messages take longer'),
    rate: can('messages wait for their turn, and are lost when many wait'),
    hold: can('messages wait, and come in their order when it ends'),
    reset: can('messages are lost, and the sender sees its peer go'),
    'client-cut': can('the bytes of a connection wait, as TCP sends lost ones again'),
    kill: can('the node ends at once, and what it had not synced is lost: harsher than SIGKILL'),
    'step-crash': can('steps of the node are counted: what it sends, hears, asks of its disk'),
    pause: can('events of the node wait until it is resumed'),
    'log-lines': can('each line as it is written, at its virtual time'),
    'power-loss': can('the node ends, and what it had not synced is lost, in part or whole'),
    'disk-full': can('every write of the simulated disk fails with ENOSPC'),
    'disk-slow': can('syncs of the simulated disk wait for their turn'),
    'disk-error': can('an operation of the simulated disk fails, and may take bytes with it'),
    damage: can('the files of the simulated disk are changed'),
    spares: can('nodes that are not started and know nobody'),
  },
  'the simulation runs one version of the server',
  'use --cluster docker or --cluster process',
);
