/**
 * The command line of a node: what may be given, what it means, and which exit codes there are.
 */
import yargs from 'yargs';
import type { LogLevel } from '../host.ts';
import type { NodeId } from '../raft/entry.ts';
import { type Address, parseAddress } from './address.ts';
import { logLevels } from './json-log.ts';

export const exitCodes = {
  stopped: 0,
  cannotListen: 250,
  dataUnusable: 251,
  diskFailed: 252,
  badArguments: 254,
  failed: 255,
} as const;

export interface Flags {
  readonly id: NodeId;
  readonly dataDirectory: string;
  readonly listenClient: Address;
  readonly listenPeer: Address;
  /** The other nodes. */
  readonly peers: ReadonlyMap<NodeId, Address>;
  /** What MOVED names: every node for which it was given, this one at least. */
  readonly clientAddresses: ReadonlyMap<NodeId, string>;
  readonly tickMs: number;
  readonly heartbeatTicks: number;
  readonly electionTicks: number;
  readonly seed: string | null;
  readonly logLevel: LogLevel;
}

/** A flag is missing or wrong. The message names it and says what is expected. */
export class FlagError extends Error {
  override readonly name = 'FlagError';
}

const epilogue = `Exit codes:
    0  stopped by SIGTERM, SIGINT, or the end of stdin with RAFTURE_PARENT_PIPE=1
  250  cannot listen: a port is in use or an address is not of this machine
  251  the data directory cannot be used, or is corrupt
  252  the disk failed while the node ran
  254  bad arguments
  255  a broken invariant, or any other failure`;

/** Null when help was asked for, and has been printed. Throws FlagError. */
export function parseFlags(argv: readonly string[]): Flags | null {
  const parser = yargs([...argv])
    .scriptName('node server/main.ts')
    .usage('$0 --id n1 --data-dir DIR --listen-client HOST:PORT --listen-peer HOST:PORT')
    .options({
      id: { type: 'string', demandOption: true, describe: 'Name of this node' },
      'data-dir': { type: 'string', demandOption: true, describe: 'Directory of its log' },
      'listen-client': { type: 'string', demandOption: true, describe: 'HOST:PORT for clients' },
      'listen-peer': { type: 'string', demandOption: true, describe: 'HOST:PORT for peers' },
      peer: { type: 'string', array: true, default: [], describe: 'ID=HOST:PORT of another node' },
      'client-address': {
        type: 'string',
        array: true,
        default: [],
        describe: 'ID=HOST:PORT where clients reach a node',
      },
      'tick-ms': { type: 'number', default: 20, describe: 'Length of a tick' },
      'heartbeat-ticks': { type: 'number', default: 3, describe: 'Ticks between heartbeats' },
      'election-ticks': {
        type: 'number',
        default: 15,
        describe: 'n: an election timeout is drawn from [n, 2n) ticks',
      },
      seed: { type: 'string', describe: 'Seed of the random choices' },
      'log-level': { choices: logLevels, default: 'info' as LogLevel, describe: 'Least level' },
    })
    .parserConfiguration({ 'duplicate-arguments-array': true, 'greedy-arrays': false })
    .strict()
    .version(false)
    .epilogue(epilogue)
    .wrap(100)
    .exitProcess(false)
    .fail((message, error) => {
      throw new FlagError(message ?? error.message);
    });
  const given = parser.parseSync();
  if (given['help'] === true) return null;
  return checkFlags({
    id: single('id', given.id),
    dataDirectory: single('data-dir', given.dataDir),
    listenClient: toAddress('listen-client', single('listen-client', given.listenClient)),
    listenPeer: toAddress('listen-peer', single('listen-peer', given.listenPeer)),
    peers: toAddresses('peer', given.peer),
    clientAddresses: withOwn(given.id, given.listenClient, given.clientAddress),
    tickMs: toCount('tick-ms', given.tickMs),
    heartbeatTicks: toCount('heartbeat-ticks', given.heartbeatTicks),
    electionTicks: toCount('election-ticks', given.electionTicks),
    seed: given.seed ?? null,
    logLevel: given.logLevel,
  });
}

function checkFlags(flags: Flags): Flags {
  if (flags.peers.has(flags.id)) {
    throw new FlagError(`--peer names the others, and ${flags.id} is this node`);
  }
  if (flags.electionTicks <= flags.heartbeatTicks) {
    throw new FlagError('--election-ticks must be greater than --heartbeat-ticks');
  }
  return flags;
}

/** A string flag that was given twice comes as a list, whatever its type says. */
function single(name: string, value: unknown): string {
  if (typeof value !== 'string' || value === '') {
    throw new FlagError(`--${name} must be given once, with a value`);
  }
  return value;
}

function toAddress(name: string, text: string): Address {
  const address = parseAddress(text);
  if (address === null) throw new FlagError(`--${name} must be HOST:PORT, not '${text}'`);
  return address;
}

function toNamed(name: string, texts: readonly string[]): ReadonlyMap<NodeId, string> {
  const named = new Map<NodeId, string>();
  for (const text of texts) {
    const [, id, rest] = /^([^=]+)=(.+)$/.exec(text) ?? [];
    if (id === undefined || rest === undefined || parseAddress(rest) === null) {
      throw new FlagError(`--${name} must be ID=HOST:PORT, not '${text}'`);
    }
    if (named.has(id)) throw new FlagError(`--${name} names ${id} twice`);
    named.set(id, rest);
  }
  return named;
}

function toAddresses(name: string, texts: readonly string[]): ReadonlyMap<NodeId, Address> {
  const named = [...toNamed(name, texts)];
  return new Map(named.map(([id, text]) => [id, toAddress(name, text)]));
}

function withOwn(id: string, own: string, texts: readonly string[]): ReadonlyMap<NodeId, string> {
  return new Map([[id, own], ...toNamed('client-address', texts)]);
}

function toCount(name: string, value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 1) {
    throw new FlagError(`--${name} must be a whole number, at least 1`);
  }
  return value;
}
