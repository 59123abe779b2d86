/**
 * The command line of a node: what may be given, what it means, and which exit codes there are.
 */
import yargs from 'yargs';
import type { CrashAt } from '../crash-points.ts';
import type { LogLevel } from '../host.ts';
import { isNodeId, nodeIdRule } from '../node-id.ts';
import { nameBytesMax } from '../peer-codec-bytes.ts';
import { configurationOf } from '../raft/configuration.ts';
import type { Configuration, MemberAddress, NodeId } from '../raft/entry.ts';
import { serverVersion } from '../version.ts';
import { type Address, describeAddress, parseAddress } from './address.ts';
import { describeCrashPoints, nearestCrashPoint, parseCrashAt } from './crash-at.ts';
import { FlagError } from './flag-error.ts';
import { logLevels } from './json-log.ts';
import type { PeerTls } from './peer-tls.ts';
import { type ClientTls, readClientTls, readPassword, readPeerTls } from './secret-files.ts';

export const exitCodes = {
  stopped: 0,
  identityRefused: 249,
  cannotListen: 250,
  dataUnusable: 251,
  diskFailed: 252,
  badArguments: 254,
  failed: 255,
} as const;

export interface Flags {
  readonly id: NodeId;
  readonly clusterId: string;
  readonly dataDirectory: string;
  readonly listenClient: Address;
  readonly listenPeer: Address;
  readonly listenHttp: Address | null;
  /** Where the others are, members or not; these addresses win over the configuration's. */
  readonly peers: ReadonlyMap<NodeId, Address>;
  /** What MOVED names: every node for which it was given, this one at least. */
  readonly clientAddresses: ReadonlyMap<NodeId, string>;
  /** Without voters: this node waits to be added. */
  readonly initialConfiguration: Configuration;
  readonly tickMs: number;
  readonly heartbeatTicks: number;
  readonly electionTicks: number;
  readonly segmentBytes: number;
  readonly snapshotEntries: number;
  readonly snapshotBytes: number;
  readonly trailingEntries: number;
  readonly clientsMax: number;
  readonly peerTls: PeerTls | null;
  readonly clientTls: ClientTls | null;
  readonly password: string | null;
  readonly crashAt: CrashAt | null;
  readonly allowCrashPoints: boolean;
  /** Where the fault disk keeps what a power loss would take; null: the disk is as it is. */
  readonly faultDisk: string | null;
  /** A file, or `-`. */
  readonly trace: string | null;
  readonly checkDeeply: boolean;
  readonly logLevel: LogLevel;
}

const epilogue = `Exit codes:
    0  stopped by SIGTERM, SIGINT, or the end of stdin with RAFTURE_PARENT_PIPE=1
  249  the data directory belongs to another cluster or node, or has lost its identity
  250  cannot listen: a port is in use or an address is not of this machine
  251  the data directory cannot be used, is in use, or is corrupt
  252  the disk failed while the node ran
  254  bad arguments
  255  a broken invariant, or any other failure`;

const text = { type: 'string', requiresArg: true } as const;
const needed = { ...text, demandOption: true } as const;
const list = { ...text, array: true, default: [] as string[] } as const;
const count = { type: 'number', requiresArg: true } as const;
const yesNo = { type: 'boolean', default: false } as const;

const options = {
  id: { ...needed, describe: 'Name of this node' },
  'data-dir': { ...needed, describe: 'Directory of its log and snapshots' },
  'cluster-id': { ...text, default: 'rafture', describe: 'Name of the cluster' },
  join: { ...yesNo, describe: 'Wait until RAFT.ADD on the leader names this node' },
  'listen-client': { ...needed, describe: 'HOST:PORT for clients' },
  'listen-peer': { ...needed, describe: 'HOST:PORT for peers' },
  'listen-http': { ...text, describe: 'HOST:PORT for /metrics and /health' },
  peer: { ...list, describe: 'ID=HOST:PORT of another node' },
  route: { ...list, describe: 'ID=HOST:PORT of a node that is no member at first, or may be one' },
  'peer-address': { ...text, describe: 'HOST:PORT where peers reach this node' },
  'client-address': { ...list, describe: 'ID=HOST:PORT where clients reach a node' },
  'tick-ms': { ...count, default: 20, describe: 'Length of a tick' },
  'heartbeat-ticks': { ...count, default: 3, describe: 'Ticks between heartbeats' },
  'election-ticks': {
    ...count,
    default: 15,
    describe: 'n: an election timeout is drawn from [n, 2n) ticks',
  },
  'segment-bytes': { ...count, default: 64 * 1024 * 1024, describe: 'Size of a file of the log' },
  'snapshot-entries': {
    ...count,
    default: 50_000,
    describe: 'Entries in the log after which a snapshot is taken',
  },
  'snapshot-bytes': {
    ...count,
    default: 256 * 1024 * 1024,
    describe: 'Bytes of commands after which one is taken, however few they are',
  },
  'trailing-entries': {
    ...count,
    default: 5000,
    describe: 'Entries before a snapshot that are kept for slow followers',
  },
  'max-clients': { ...count, default: 10_000, describe: 'Connections of clients at once' },
  'tls-peer-cert': { ...text, describe: 'PEM: certificate of this node, made for its id' },
  'tls-peer-key': { ...text, describe: 'PEM: its key' },
  'tls-peer-ca': { ...text, describe: 'PEM: authority of the certificates of all nodes' },
  'tls-client-cert': { ...text, describe: 'PEM: certificate that is shown to clients' },
  'tls-client-key': { ...text, describe: 'PEM: its key' },
  'tls-client-ca': { ...text, describe: 'PEM: authority whose certificates clients must show' },
  'password-file': { ...text, describe: 'File whose first line is the password for AUTH' },
  'crash-at': { ...text, describe: 'NAME[#N]: kill the process at the n-th passage there' },
  'allow-crash-points': {
    ...yesNo,
    describe: 'For tests: clients may name a crash point while the node runs (RAFT.CRASH-AT)',
  },
  'fault-disk': {
    ...text,
    describe: 'For tests: folder that keeps what a power loss would take, and makes the disk fail',
  },
  'list-crash-points': { ...yesNo, describe: 'Print the crash points and exit' },
  trace: { ...text, describe: 'File for trace events as JSON lines; - for standard output' },
  'check-invariants': { ...yesNo, describe: 'Check the state after every step, which is slow' },
  'log-level': {
    ...text,
    choices: logLevels,
    default: 'info' as LogLevel,
    describe: 'Least level',
  },
} as const;

/** Null when help or a list was asked for, and has been printed. Throws FlagError. */
export function parseFlags(argv: readonly string[]): Flags | null {
  // Before the others are missed.
  if (argv.includes('--list-crash-points')) {
    process.stdout.write(describeCrashPoints());
    return null;
  }
  if (argv.includes('--version')) {
    process.stdout.write(`${serverVersion}\n`);
    return null;
  }
  checkSwitches(argv);
  const given = parse(argv);
  return given['help'] === true ? null : toFlags(given);
}

/** `--join=maybe` would mean no. */
function checkSwitches(argv: readonly string[]): void {
  const switches = Object.entries(options).filter(([, option]) => option.type === 'boolean');
  for (const [name] of switches) {
    const wrong = argv.find(
      (word) => word.startsWith(`--${name}=`) && !/=(?:true|false)$/.test(word),
    );
    if (wrong !== undefined) throw new FlagError(`--${name} takes no value, not even '${wrong}'`);
  }
}

/** What works and will surprise: one sentence each. */
export function describeDoubts(flags: Flags): readonly string[] {
  const { id, clientAddresses, initialConfiguration } = flags;
  const own = clientAddresses.get(id) ?? '';
  const doubts: string[] = [];
  if (/^(?:0\.0\.0\.0|\[::\]):/.test(own)) {
    doubts.push(`clients are sent to ${own}, which is no address: give --client-address ${id}=...`);
  }
  const nameless = initialConfiguration.voters.filter((voter) => !clientAddresses.has(voter));
  if (nameless.length > 0) {
    const who = nameless.join(', ');
    doubts.push(
      `clients are not sent to ${who} when it leads: give --client-address for each node`,
    );
  }
  return doubts;
}

type Given = ReturnType<typeof parse>;

function parse(argv: readonly string[]) {
  return yargs(withDash(argv))
    .scriptName('node server/main.ts')
    .usage('$0 --id n1 --data-dir DIR --listen-client HOST:PORT --listen-peer HOST:PORT')
    .options(options)
    .parserConfiguration({ 'duplicate-arguments-array': true, 'greedy-arrays': false })
    .strict()
    .version(false)
    .epilogue(epilogue)
    .wrap(100)
    .exitProcess(false)
    .fail((message, error) => {
      throw new FlagError(message ?? error.message);
    })
    .parseSync();
}

/** A value that is a dash alone would be taken for an argument without a flag. */
function withDash(argv: readonly string[]): string[] {
  return argv.flatMap((word, place) => {
    if (word === '-' && argv[place - 1] === '--trace') return [];
    return word === '--trace' && argv[place + 1] === '-' ? ['--trace=-'] : [word];
  });
}

function toFlags(given: Given): Flags {
  const id = toNodeId('id', given.id);
  const listenClient = toAddress('listen-client', given.listenClient);
  const listenPeer = toAddress('listen-peer', given.listenPeer);
  const peers = toAddresses('peer', given.peer);
  const routes = toAddresses('route', given.route);
  const clientAddresses = new Map([
    [id, describeAddress(listenClient)],
    ...toNamed('client-address', given.clientAddress),
  ]);
  const peerAddress = optional('peer-address', given.peerAddress, toAddress) ?? listenPeer;
  const peerAddresses = new Map([...peers, [id, peerAddress]]);
  const flags = {
    ...{ id, listenClient, listenPeer, clientAddresses },
    peers: new Map([...peers, ...routes]),
    clusterId: toName('cluster-id', given.clusterId),
    dataDirectory: single('data-dir', given.dataDir),
    listenHttp: optional('listen-http', given.listenHttp, toAddress),
    initialConfiguration: given.join
      ? configurationOf([])
      : initialConfigurationOf(peerAddresses, clientAddresses),
    tickMs: toCount('tick-ms', given.tickMs),
    heartbeatTicks: toCount('heartbeat-ticks', given.heartbeatTicks),
    electionTicks: toCount('election-ticks', given.electionTicks),
    segmentBytes: toCount('segment-bytes', given.segmentBytes, 4096),
    snapshotEntries: toCount('snapshot-entries', given.snapshotEntries),
    snapshotBytes: toCount('snapshot-bytes', given.snapshotBytes),
    trailingEntries: toCount('trailing-entries', given.trailingEntries, 0),
    clientsMax: toCount('max-clients', given.maxClients),
    crashAt: optional('crash-at', given.crashAt, toCrashAt),
    allowCrashPoints: given.allowCrashPoints,
    faultDisk: optional('fault-disk', given.faultDisk, single),
    trace: optional('trace', given.trace, single),
    checkDeeply: given.checkInvariants,
    logLevel: given.logLevel,
  };
  if (peers.has(id)) throw new FlagError(`--peer names the others, and ${id} is this node`);
  const twice = [...routes.keys()].find((other) => other === id || peers.has(other));
  if (twice !== undefined) throw new FlagError(`--route names ${twice}, which is known already`);
  if (flags.electionTicks <= flags.heartbeatTicks) {
    throw new FlagError('--election-ticks must be greater than --heartbeat-ticks');
  }
  return { ...flags, ...readSecrets(given, id) };
}

function readSecrets(given: Given, id: NodeId): Pick<Flags, 'peerTls' | 'clientTls' | 'password'> {
  const file = (name: string, value: unknown) => optional(name, value, single) ?? undefined;
  const peerTls = readPeerTls(
    {
      cert: file('tls-peer-cert', given.tlsPeerCert),
      key: file('tls-peer-key', given.tlsPeerKey),
      ca: file('tls-peer-ca', given.tlsPeerCa),
    },
    id,
  );
  const clientTls = readClientTls({
    cert: file('tls-client-cert', given.tlsClientCert),
    key: file('tls-client-key', given.tlsClientKey),
    ca: file('tls-client-ca', given.tlsClientCa),
  });
  return { peerTls, clientTls, password: readPassword(file('password-file', given.passwordFile)) };
}

/** All nodes that were named vote. Where one is reached is told to those who join later. */
function initialConfigurationOf(
  peers: ReadonlyMap<NodeId, Address>,
  clients: ReadonlyMap<NodeId, string>,
): Configuration {
  const voters = [...peers.keys()].sort();
  const addresses = voters.map((voter): [NodeId, MemberAddress] => {
    const peer = peers.get(voter);
    const known = peer !== undefined && peer.host !== '0.0.0.0' && peer.host !== '::';
    return [voter, { peer: known ? describeAddress(peer) : '', client: clients.get(voter) ?? '' }];
  });
  return configurationOf(voters, Object.fromEntries(addresses));
}

/** A string flag that was given twice comes as a list, whatever its type says. */
function single(name: string, value: unknown): string {
  if (typeof value !== 'string' || value === '') {
    throw new FlagError(`--${name} must be given once, with a value`);
  }
  return value;
}

function optional<T>(
  name: string,
  value: unknown,
  parseValue: (name: string, value: unknown) => T,
): T | null {
  return value === undefined ? null : parseValue(name, value);
}

function toNodeId(name: string, value: unknown): NodeId {
  const id = single(name, value);
  if (isNodeId(id)) return id;
  throw new FlagError(`--${name}: a node's id is ${nodeIdRule}, not '${id}'`);
}

function toName(name: string, value: unknown): string {
  const named = single(name, value);
  if (Buffer.byteLength(named) > nameBytesMax) {
    throw new FlagError(`--${name} must have at most ${nameBytesMax} bytes`);
  }
  return named;
}

function toAddress(name: string, value: unknown): Address {
  const given = single(name, value);
  const address = parseAddress(given);
  if (address === null) throw new FlagError(`--${name} must be HOST:PORT, not '${given}'`);
  // The system would choose a port that nobody is told of.
  if (address.port === 0) throw new FlagError(`--${name} needs a port from 1 on, not '${given}'`);
  return address;
}

function toNamed(name: string, texts: readonly string[]): ReadonlyMap<NodeId, string> {
  const named = new Map<NodeId, string>();
  for (const given of texts) {
    const [, id, rest] = /^([^=]+)=(.+)$/.exec(given) ?? [];
    if (id === undefined || rest === undefined || parseAddress(rest) === null) {
      throw new FlagError(`--${name} must be ID=HOST:PORT, not '${given}'`);
    }
    if (named.has(id)) throw new FlagError(`--${name} names ${id} twice`);
    named.set(toNodeId(name, id), rest);
  }
  return named;
}

function toAddresses(name: string, texts: readonly string[]): ReadonlyMap<NodeId, Address> {
  const named = [...toNamed(name, texts)];
  return new Map(named.map(([id, address]) => [id, toAddress(name, address)]));
}

function toCrashAt(name: string, value: unknown): CrashAt {
  const given = single(name, value);
  const crashAt = parseCrashAt(given);
  if (crashAt !== null) return crashAt;
  const [known = '', passage] = given.split('#');
  if (passage !== undefined && parseCrashAt(known) !== null) {
    throw new FlagError(`--${name}: N of NAME#N is a whole number from 1 on, not '${passage}'`);
  }
  const nearest = nearestCrashPoint(known);
  const advice = nearest === null ? '' : `; did you mean ${nearest}?`;
  const wanted = 'must be NAME or NAME#N with a name of --list-crash-points';
  throw new FlagError(`--${name} ${wanted}, not '${given}'${advice}`);
}

function toCount(name: string, value: unknown, least = 1): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < least) {
    throw new FlagError(`--${name} must be a whole number, at least ${least}`);
  }
  return value;
}
