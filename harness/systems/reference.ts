/**
 * The reference server as a system under test: its command line, its readiness, its own words.
 *
 * It is driven as anybody's server would be: from outside, over RESP.
 */
import type { Client } from '../client.ts';
import { RespClient } from '../clients/resp-client.ts';
import { respObjects } from '../clients/resp-objects.ts';
import { SessionClient } from '../clients/session-client.ts';
import { ask, parseFields } from './reference-ask.ts';
import { referenceOperator } from './reference-operator.ts';
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

/**
 * Of ends: the error's name and message in the simulation, the exit code and mostly the last line
 * elsewhere. 249, 251: it refuses its data directory, over a disk that fails at the start too; 252:
 * its disk failed. What it finds corrupt while only the disk failed, it has not written in order.
 */
const excusedEnds: System['excusedEnds'] = {
  disk: [
    '^DiskError: ',
    '^it ended with exit code 252\\b',
    '^it ended with exit code 251;(?!.* is corrupt at byte )',
    '^it exited with code 25[12]$',
  ],
  damage: [
    '^(?:DiskError|IdentityError|WalCorruptionError|SnapshotCorruptionError): ',
    '^it ended with exit code (?:249|25[12])\\b',
    '^it exited with code (?:249|25[12])$',
    '^it ended with exit code 255; its last line: rafture-server: \\w+CorruptionError: ',
    '^rafture-server: \\w+CorruptionError: ',
    '^rafture-server: cannot use the data directory .* is corrupt at byte ',
    '"name":"\\w+CorruptionError"',
  ],
  'crash-point': ['^it ended with SIGKILL\\b', '^it exited with code 137$'],
};

export const reference: System = {
  name: 'reference',
  objects: Object.fromEntries(
    Object.entries(respObjects).map(([object, operations]) => [object, Object.keys(operations)]),
  ),
  crashPatterns,
  excusedEnds,
  traces: true,
  introspects: true,
  logFiles: 'wal-*',
  refusesWipedNodes: true,
  refusesDamagedFiles: true,
  operator: referenceOperator,
  hasFaultDisk: true,
  command,
  isReady: async (stream, timers) =>
    (await ask(stream, timers, { words: ['PING'] })).type !== 'lost',
  createClient,
  introspect: async (stream, timers) => {
    const reply = await ask(stream, timers, { words: ['RAFT.INFO'] });
    return reply.type === 'bulk' && reply.value !== null ? parseIntrospection(reply.value) : null;
  },
  answersRead: async (stream, timers) => {
    const { type } = await ask(stream, timers, { words: ['EXISTS', 'rafture'], deadlineMs: 5000 });
    return type !== 'lost' && type !== 'error';
  },
  hashState: async (stream, timers) => {
    const reply = await ask(stream, timers, { words: ['RAFT.HASH'] });
    if (reply.type !== 'simple') return null;
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
  const { joins, spares = [], faultDiskFolder } = place;
  // Who joins counts nobody as a member; its own way to each is what matters.
  const flagOf = (peer: string): string => (!joins && spares.includes(peer) ? '--route' : '--peer');
  return [
    `${sourceRoot}/server/main.ts`,
    ...['--cluster-id', clusterId],
    ...['--id', node],
    ...['--data-dir', dataDirectory],
    ...['--listen-client', `${listenHost}:${clientPort}`],
    ...['--listen-peer', `${listenHost}:${peerPort}`],
    ...place.peers.flatMap((peer) => [flagOf(peer.node), `${peer.node}=${peer.address}`]),
    ...place.clientAddresses.flatMap((each) => [
      '--client-address',
      `${each.node}=${each.address}`,
    ]),
    ...(joins ? ['--join'] : []),
    ...(faultDiskFolder === null ? [] : ['--fault-disk', faultDiskFolder]),
    ...(place.traceFile === null ? [] : ['--trace', place.traceFile]),
    // So that a snapshot leaves little of the log: a run is short, and somebody is to need one.
    ...['--trailing-entries', '10'],
    // An operator of servers that matter would not; a run must be able to.
    '--allow-crash-points',
  ];
}

/** `name:value` lines; null when one that matters is missing. */
function parseIntrospection(text: string): Introspection | null {
  const fields = parseFields(text);
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
  if (!complete) return null;
  // Earlier versions do not tell these.
  const version = fields.get('version');
  return {
    ...introspection,
    ...(fields.has('first_log_index') ? { firstLogIndex: number('first_log_index') } : {}),
    ...(fields.has('snapshots_installed')
      ? { snapshotsInstalled: number('snapshots_installed') }
      : {}),
    ...(version === undefined ? {} : { version }),
    ...(fields.has('waiting_writes')
      ? { waitingWrites: number('waiting_writes'), waitingReads: number('waiting_reads') }
      : {}),
    ...(fields.has('transferring_to')
      ? { transferringTo: fields.get('transferring_to') || null }
      : {}),
  };
}
