/**
 * A node of the reference server as a process: flags in, a node on the real Host, an exit code out.
 *
 * The composition root of server/: nothing imports it.
 */

import { type Address, describeAddress } from './host/address.ts';
import { ClientListener } from './host/client-listener.ts';
import { type FileDisk, openFileDisk } from './host/file-disk.ts';
import { exitCodes, FlagError, type Flags, parseFlags } from './host/flags.ts';
import { lockFolder } from './host/folder-lock.ts';
import { createJsonLog } from './host/json-log.ts';
import { PeerLinks } from './host/peer-links.ts';
import { createRealRandom } from './host/real-random.ts';
import { createRealTimers } from './host/real-timers.ts';
import type { Host } from './host.ts';
import { type ServerNode, startNode } from './node.ts';
import { DiskError } from './storage/disk.ts';
import { WalCorruptionError } from './storage/wal-recovery.ts';

/** One line for a person, and the end. */
function die(code: number, line: string): never {
  process.stderr.write(`rafture-server: ${line}\n`);
  process.exit(code);
}

function readFlags(): Flags {
  try {
    const flags = parseFlags(process.argv.slice(2));
    return flags ?? process.exit(exitCodes.stopped);
  } catch (error) {
    if (!(error instanceof FlagError)) throw error;
    return die(exitCodes.badArguments, `${error.message.replace(/\s+/g, ' ')} (see --help)`);
  }
}

function openDisk(folder: string): FileDisk {
  try {
    const disk = openFileDisk(folder);
    lockFolder(folder);
    return disk;
  } catch (error) {
    return dieOfData(folder, error);
  }
}

function dieOfData(folder: string, error: unknown): never {
  if (error instanceof DiskError || error instanceof WalCorruptionError) {
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

function start(host: Host, flags: Flags): ServerNode {
  try {
    return startNode(host, {
      ...flags,
      voters: [flags.id, ...flags.peers.keys()].sort(),
      onFatal: (error) => {
        const disk = error instanceof DiskError;
        die(disk ? exitCodes.diskFailed : exitCodes.failed, `${error.name}: ${error.message}`);
      },
    });
  } catch (error) {
    return dieOfData(flags.dataDirectory, error);
  }
}

function stopOnRequest(stop: (why: string) => void): void {
  process.on('SIGTERM', () => stop('SIGTERM'));
  process.on('SIGINT', () => stop('SIGINT'));
  if (process.env['RAFTURE_PARENT_PIPE'] !== '1') return;
  // The parent holds the other end: when it is gone, however it went, so are we.
  process.stdin.on('end', () => stop('end of stdin'));
  process.stdin.on('error', () => stop('end of stdin'));
  process.stdin.resume();
}

async function main(): Promise<void> {
  const flags = readFlags();
  const log = createJsonLog(flags.logLevel, flags.id);
  process.on('uncaughtException', (error) => {
    log.event('fatal', 'failed', { error: error.message, stack: error.stack });
    die(exitCodes.failed, `${error.name}: ${error.message}`);
  });
  const disk = openDisk(flags.dataDirectory);
  const timers = createRealTimers();
  const { id, peers } = flags;
  const network = new PeerLinks({ id, peers, timers, log });
  await listen(network, '--listen-peer', flags.listenPeer);
  const node = start({ disk, network, timers, random: createRealRandom(flags.seed), log }, flags);
  const clients = new ClientListener(node, log);
  await listen(clients, '--listen-client', flags.listenClient);
  network.connect();
  log.event('info', 'serving', {
    clients: describeAddress(flags.listenClient),
    peers: describeAddress(flags.listenPeer),
  });
  let stopping = false;
  stopOnRequest((why) => {
    if (stopping) return;
    stopping = true;
    log.event('info', 'stopping', { why });
    node.stop(() => {
      clients.close();
      network.close();
      log.event('info', 'stopped');
      // Answers that were just given leave in this turn of the event loop.
      setImmediate(() => process.exit(exitCodes.stopped));
    });
  });
}

await main();
