/**
 * A node of the reference server as a process: flags in, a node on the real Host, an exit code out.
 *
 * The composition root of server/: nothing imports it.
 */

import { type Address, describeAddress } from './host/address.ts';
import { ClientListener } from './host/client-listener.ts';
import { createCrashPoints } from './host/crash-at.ts';
import { openFileDisk, type SyncObserver } from './host/file-disk.ts';
import { FlagError } from './host/flag-error.ts';
import { describeDoubts, exitCodes, type Flags, parseFlags } from './host/flags.ts';
import { lockFolder } from './host/folder-lock.ts';
import { HttpListener } from './host/http-listener.ts';
import { createJsonLog } from './host/json-log.ts';
import type { Metrics, MetricsSource } from './host/metrics.ts';
import { PeerLinks } from './host/peer-links.ts';
import { createRealRandom } from './host/real-random.ts';
import { createRealTimers } from './host/real-timers.ts';
import { TraceFile } from './host/trace-file.ts';
import type { Host, Log, Timers } from './host.ts';
import { startNode } from './node.ts';
import type { ServerNode } from './server-node.ts';
import { type Disk, DiskError } from './storage/disk.ts';
import { IdentityError } from './storage/identity-format.ts';
import { SnapshotCorruptionError } from './storage/snapshot-parser.ts';
import { WalCorruptionError } from './storage/wal-recovery.ts';

/** One line for a person, and the end. */
function die(code: number, line: string): never {
  process.stderr.write(`rafture-server: ${line.replace(/\s+/g, ' ')}\n`);
  process.exit(code);
}

function readFlags(): Flags {
  try {
    const flags = parseFlags(process.argv.slice(2));
    return flags ?? process.exit(exitCodes.stopped);
  } catch (error) {
    if (!(error instanceof FlagError)) throw error;
    return die(exitCodes.badArguments, `${error.message} (see --help)`);
  }
}

async function openDisk(flags: Flags, onSync: SyncObserver): Promise<Disk> {
  const { dataDirectory: folder, faultDisk } = flags;
  try {
    const disk = openFileDisk(folder, onSync);
    lockFolder(folder);
    if (faultDisk === null) return disk;
    const { openFaultDisk } = await import('./host/fault-disk.ts');
    return openFaultDisk(disk, folder, faultDisk);
  } catch (error) {
    return dieOfData(folder, error);
  }
}

function dieOfData(folder: string, error: unknown): never {
  if (error instanceof IdentityError) {
    die(exitCodes.identityRefused, `the data directory ${folder} is refused: ${error.message}`);
  }
  if (
    error instanceof DiskError ||
    error instanceof WalCorruptionError ||
    error instanceof SnapshotCorruptionError
  ) {
    die(exitCodes.dataUnusable, `cannot use the data directory ${folder}: ${error.message}`);
  }
  throw error;
}

async function listen(
  listener: { listen(address: Address): Promise<void> },
  flag: string,
  address: Address,
): Promise<void> {
  try {
    await listener.listen(address);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    die(
      exitCodes.cannotListen,
      `cannot listen on ${describeAddress(address)} (${flag}): ${reason}`,
    );
  }
}

function openTrace(flags: Flags, timers: Timers, log: Log): TraceFile | null {
  const { id: node, trace: target } = flags;
  if (target === null) return null;
  try {
    return new TraceFile({ node, target, timers, log });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return die(exitCodes.badArguments, `--trace: ${reason} (see --help)`);
  }
}

function start(host: Host, flags: Flags, lastWords: () => void): ServerNode {
  try {
    return startNode(host, {
      ...flags,
      onFatal: (error) => {
        lastWords();
        if (!(error instanceof DiskError)) die(exitCodes.failed, `${error.name}: ${error.message}`);
        const { dataDirectory } = flags;
        const line = `the disk failed at ${error.file} of ${dataDirectory}: ${error.message}`;
        die(exitCodes.diskFailed, `${line}; mend it or make room, and start again`);
      },
    });
  } catch (error) {
    return dieOfData(flags.dataDirectory, error);
  }
}

function stopOnRequest(log: Log, stop: () => void): void {
  let stopping = false;
  const stopOnce = (why: string) => {
    if (stopping) return;
    stopping = true;
    log.event('info', 'stopping', { why });
    stop();
  };
  process.on('SIGTERM', () => stopOnce('SIGTERM'));
  process.on('SIGINT', () => stopOnce('SIGINT'));
  if (process.env['RAFTURE_PARENT_PIPE'] !== '1') return;
  // The parent holds the other end: when it is gone, however it went, so are we.
  process.stdin.on('end', () => stopOnce('end of stdin'));
  process.stdin.on('error', () => stopOnce('end of stdin'));
  process.stdin.resume();
}

/** Null when nobody will ask for them; loading what they need takes a tenth of a start's time. */
async function createMetrics({ listenHttp, clusterId, id }: Flags): Promise<Metrics | null> {
  if (listenHttp === null) return null;
  const { Metrics } = await import('./host/metrics.ts');
  return new Metrics({ cluster: clusterId, node: id });
}

/** Null when nobody asked for it. */
async function listenHttp(
  flags: Flags,
  metrics: Metrics | null,
  source: MetricsSource & { readonly log: Log },
): Promise<HttpListener | null> {
  if (flags.listenHttp === null || metrics === null) return null;
  const http = new HttpListener(metrics, source, source.log);
  await listen(http, '--listen-http', flags.listenHttp);
  return http;
}

async function main(): Promise<void> {
  const flags = readFlags();
  const { id, listenClient, listenPeer } = flags;
  const log = createJsonLog(flags.logLevel, id);
  for (const reason of describeDoubts(flags)) log.event('warn', 'flags', { reason });
  // Until there is a node there is nothing to be done in order.
  let stop: () => void = () => process.exit(exitCodes.stopped);
  stopOnRequest(log, () => stop());
  const timers = createRealTimers();
  const trace = openTrace(flags, timers, log);
  process.on('uncaughtException', (error) => {
    trace?.flush();
    log.event('fatal', 'failed', { error: error.message, stack: error.stack });
    die(exitCodes.failed, `${error.name}: ${error.message}`);
  });
  const metrics = await createMetrics(flags);
  const disk = await openDisk(flags, (durationMs) => metrics?.observeSync(durationMs));
  const network = new PeerLinks({ addresses: flags.peers, tls: flags.peerTls, timers, log });
  await listen(network, '--listen-peer', listenPeer);
  const flush = () => trace?.flush();
  const crashPoints = createCrashPoints({
    ...{ node: id, at: flags.crashAt, mayArm: flags.allowCrashPoints, flush },
  });
  const random = createRealRandom();
  const host = { disk, network, timers, random, log, crashPoints, trace };
  const node = start(host, flags, flush);
  const clients = new ClientListener({
    ...{ node, log, clientsMax: flags.clientsMax, tls: flags.clientTls, password: flags.password },
  });
  await listen(clients, '--listen-client', listenClient);
  const http = await listenHttp(flags, metrics, {
    log,
    info: () => node.info(),
    peers: () => network.status(),
    clients: () => clients.status,
  });
  const addresses = { clients: describeAddress(listenClient), peers: describeAddress(listenPeer) };
  log.event('info', 'serving', addresses);
  stop = () => {
    node.stop(() => {
      network.close();
      clients.drain(() => {
        http?.close();
        trace?.close();
        log.event('info', 'stopped');
        process.exit(exitCodes.stopped);
      });
    });
  };
}

await main();
