/**
 * The reference server as a system under test: its command line, its readiness, its own words.
 *
 * It is driven as anybody's server would be: from outside, over RESP.
 */
import type { Client } from '../client.ts';
import { RespClient } from '../clients/resp-client.ts';
import { RespConnection, type RespReply } from '../clients/resp-connection.ts';
import { respObjects } from '../clients/resp-objects.ts';
import { SessionClient } from '../clients/session-client.ts';
import type { ByteStream } from '../cluster.ts';
import type { HarnessTimers } from '../run/timers.ts';
import type { ClientOptions, Introspection, NodePlace, System } from './system.ts';

/** After these errors the operation definitely did not happen; after any other it may have. */
export const definiteErrors: ReadonlySet<string> = new Set([
  'MOVED',
  'NOLEADER',
  'OVERLOADED',
  'ERR',
  'WRONGTYPE',
  'NOPROTO',
  'NOAUTH',
  'WRONGPASS',
  'BUSY',
  'MISMATCH',
  'LAGGING',
]);

/**
 * Its own last words, in real logs and in simulated ones, then V8's; those of Node and C are known
 * to the checker of logs. A crash that was asked for (`--crash-at`) is none of them, nor is a disk
 * that fails, which is the machine's doing.
 */
const crashPatterns: readonly string[] = [
  '"level":60,(?!.*"name":"DiskError").*"msg":"failed"',
  '"level":"fatal",(?!.*"name":"DiskError").*"event":"failed"',
  '^rafture-server: \\w*Error: ',
  '^rafture-server: cannot use the data directory .* is corrupt at byte ',
  '^FATAL ERROR: ',
  '^# Fatal (?:error|JavaScript)',
  '^----- Native stack trace -----',
];

const answerDeadlineMs = 1000;

export const reference: System = {
  name: 'reference',
  objects: Object.fromEntries(
    Object.entries(respObjects).map(([object, operations]) => [object, Object.keys(operations)]),
  ),
  crashPatterns,
  traces: true,
  introspects: true,
  operator: {},
  hasFaultDisk: false,
  command,
  isReady: async (stream, timers) => (await ask(stream, timers, ['PING'])) !== null,
  createClient,
  introspect: async (stream, timers) => {
    const reply = await ask(stream, timers, ['RAFT.INFO']);
    return reply?.type === 'bulk' && reply.value !== null ? parseIntrospection(reply.value) : null;
  },
  hashState: async (stream, timers) => {
    const reply = await ask(stream, timers, ['RAFT.HASH']);
    if (reply?.type !== 'simple') return null;
    const match = /^(\d+) (\S+)$/.exec(reply.value);
    return match === null ? null : { appliedIndex: Number(match[1]), hash: match[2] ?? '' };
  },
};

function createClient(options: ClientOptions): Client {
  const operations = respObjects[options.object];
  if (operations === undefined) throw new RangeError(`no client for object ${options.object}`);
  const own = { ...options, operations, definiteErrors };
  return options.object === 'session-list' ? new SessionClient(own) : new RespClient(own);
}

function command(place: NodePlace, sourceRoot: string): readonly string[] {
  const { clusterId, node, listenHost, clientPort, peerPort, dataDirectory } = place;
  return [
    `${sourceRoot}/server/main.ts`,
    ...['--cluster-id', clusterId],
    ...['--id', node],
    ...['--data-dir', dataDirectory],
    ...['--listen-client', `${listenHost}:${clientPort}`],
    ...['--listen-peer', `${listenHost}:${peerPort}`],
    ...place.peers.flatMap((peer) => ['--peer', `${peer.node}=${peer.address}`]),
    ...place.clientAddresses.flatMap((each) => [
      '--client-address',
      `${each.node}=${each.address}`,
    ]),
    ...(place.traceFile === null ? [] : ['--trace', place.traceFile]),
  ];
}

/** One command on a stream of its own; null when no answer comes in time. */
function ask(
  stream: ByteStream,
  timers: HarnessTimers,
  args: readonly string[],
): Promise<RespReply | null> {
  return new Promise((resolve) => {
    const connection = new RespConnection(stream);
    const cancel = timers.after(answerDeadlineMs, () => connection.close());
    connection.call(args, (reply) => {
      cancel();
      resolve(reply.type === 'lost' ? null : reply);
      connection.close();
    });
  });
}

/** `name:value` lines; null when one that matters is missing. */
function parseIntrospection(text: string): Introspection | null {
  const fields = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  const role = fields.get('role');
  const number = (name: string): number => Number(fields.get(name) ?? Number.NaN);
  const introspection = {
    role: role ?? '',
    term: number('term'),
    leader: fields.get('leader_id') || null,
    commitIndex: number('commit_index'),
    appliedIndex: number('applied_index'),
    lastLogIndex: number('last_log_index'),
  };
  const complete = role !== undefined && !Object.values(introspection).some(Number.isNaN);
  return complete ? introspection : null;
}
