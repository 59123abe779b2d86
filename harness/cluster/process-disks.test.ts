import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, expect, test, vi } from 'vitest';
import type { RespLost, RespReply } from '../clients/resp-connection.ts';
import type { NodeState } from '../cluster.ts';
import { createRealTimers } from '../run/real-timers.ts';
import { reference } from '../systems/reference.ts';
import { ask } from '../systems/reference-ask.ts';
import { allotPorts } from './free-ports.ts';
import { ProcessDisks, processDiskCapabilities } from './process-disks.ts';
import { waitUntilReady } from './ready.ts';
import { connectTcpStream } from './tcp-stream.ts';

vi.setConfig({ testTimeout: 60_000 });

const sourceRoot = join(import.meta.dirname, '../..');
const timers = createRealTimers();
const folders: string[] = [];
const nodes: LonelyNode[] = [];

afterEach(async () => {
  for (const node of nodes.splice(0)) await node.kill();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'rafture-disks-'));
  folders.push(folder);
  return folder;
}

/** A cluster of one: what it acknowledges is on its own disk, or nowhere. */
class LonelyNode {
  readonly disks: ProcessDisks;
  readonly dataDirectory: string;
  readonly #folder = temporaryFolder();
  readonly #ports: readonly number[];
  #child: {
    readonly ended: Promise<number | undefined>;
    kill(signal: NodeJS.Signals): void;
  } | null = null;
  #lives = 0;
  /** Of its last end; undefined after a signal. */
  exitCode: number | undefined;

  constructor(ports: readonly number[]) {
    this.#ports = ports;
    this.dataDirectory = join(this.#folder, 'data');
    this.disks = new ProcessDisks({
      place: () => ({
        dataDirectory: this.dataDirectory,
        faultDiskFolder: join(this.#folder, 'fault'),
      }),
      nodeState: async (): Promise<NodeState> => (this.#child === null ? 'stopped' : 'running'),
      lives: () => this.#lives,
      pause: async () => this.#child?.kill('SIGSTOP'),
      kill: () => this.kill(),
    });
  }

  static async create(): Promise<LonelyNode> {
    const node = new LonelyNode(await allotPorts(2));
    nodes.push(node);
    await node.start();
    return node;
  }

  async start(): Promise<void> {
    this.#lives++;
    const [clientPort = 0, peerPort = 0] = this.#ports;
    const args = reference.command(
      {
        ...{ clusterId: 'c', node: 'n1', listenHost: '127.0.0.1', clientPort, peerPort },
        ...{ dataDirectory: this.dataDirectory, joins: false, traceFile: null, peers: [] },
        faultDiskFolder: join(this.#folder, 'fault'),
        clientAddresses: [{ node: 'n1', address: `127.0.0.1:${clientPort}` }],
      },
      sourceRoot,
    );
    const child = execa(process.execPath, args, {
      ...{ reject: false, stdin: 'pipe', stdout: 'ignore', stderr: 'ignore' },
      env: { RAFTURE_PARENT_PIPE: '1' },
    });
    const ended = child.then(({ exitCode }) => {
      this.#child = null;
      this.exitCode = exitCode;
      return exitCode;
    });
    this.#child = { ended, kill: (signal) => child.kill(signal) };
    await waitUntilReady('n1', {
      ...{ cluster: { connect: () => this.connect() }, system: reference, timers, limitMs: 20_000 },
      gaveUp: () => (this.#child === null ? `exit code ${this.exitCode}` : null),
    });
  }

  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL');
    await this.ended();
  }

  async ended(): Promise<void> {
    await this.#child?.ended;
  }

  connect() {
    return connectTcpStream('127.0.0.1', this.#ports[0] ?? 0);
  }

  async ask(...words: readonly string[]): Promise<RespReply | RespLost> {
    return ask(await this.connect(), timers, { words, deadlineMs: 10_000 });
  }

  /** Asked again while it does not lead, which is soon over. */
  async get(key: string): Promise<string | null> {
    for (;;) {
      const reply = await this.ask('GET', key);
      if (reply.type === 'bulk') return reply.value;
    }
  }
}

const done = { type: 'simple', value: 'OK' };

/** What is acknowledged before it, and a write that the node dies of, unsynced. */
async function diesBeforeSync(node: LonelyNode): Promise<void> {
  await node.get('');
  expect(await node.ask('SET', 'k', 'synced')).toEqual(done);
  const armed = await node.ask('RAFT.CRASH-AT', 'wal.after-append-before-fsync');
  expect(armed).toMatchObject({ type: 'simple' });
  expect(await node.ask('SET', 'k', 'written')).toMatchObject({ type: 'lost' });
  await node.ended();
}

test('a power loss takes what was written and not synced, and leaves what was synced', async () => {
  const node = await LonelyNode.create();
  await diesBeforeSync(node);
  const { lost } = await node.disks.powerLoss(['n1']);
  expect(lost).toMatchObject({ n1: { files: ['wal-00000001'] } });
  await node.start();
  expect(await node.get('k')).toBe('synced');
});

test('a kill alone loses nothing; what the next life syncs no power loss takes', async () => {
  const node = await LonelyNode.create();
  await diesBeforeSync(node);
  const journal = join(node.dataDirectory, '../fault/undo.jsonl');
  expect(readFileSync(journal, 'utf8').split('\n').length).toBeGreaterThan(2);
  await node.start();
  // In its repair it has synced what it found, and written on.
  expect(await node.get('k')).toBe('written');
  await node.disks.powerLoss(['n1']);
  await node.start();
  expect(await node.get('k')).toBe('written');
});

test('a running node loses its power with what it has not synced, and no more', async () => {
  const node = await LonelyNode.create();
  await node.get('');
  for (let count = 0; count < 50; count++) {
    expect(await node.ask('SET', `k${count}`, 'v')).toEqual(done);
  }
  await node.disks.powerLoss(['n1']);
  await node.start();
  for (let count = 0; count < 50; count++) expect(await node.get(`k${count}`)).toBe('v');
});

test('on a full disk the node ends with what it says of its disk; freed, it goes on', async () => {
  const node = await LonelyNode.create();
  await node.get('');
  expect(await node.disks.fill('n1')).toMatchObject({ freeBytes: 0, control: { full: true } });
  expect(await node.ask('SET', 'k', 'v')).toMatchObject({ type: 'lost' });
  await node.ended();
  expect(node.exitCode).toBe(252);
  const { control, met } = await node.disks.free('n1');
  expect([control, met]).toMatchObject([{ full: false }, { full: true, refusedWrites: 1 }]);
  await node.start();
  await node.get('');
  expect(await node.ask('SET', 'k', 'v')).toEqual(done);
});

test('on a slow disk syncs wait for their turn, until it is fast again', async () => {
  const node = await LonelyNode.create();
  await node.get('');
  expect(await node.disks.slow('n1', 20)).toMatchObject({ waited: 0 });
  for (let count = 0; count < 4; count++) expect(await node.ask('SET', 'k', 'v')).toEqual(done);
  const { met, waited } = await node.disks.slow('n1', null);
  expect(met).toMatchObject({ syncsPerS: 20 });
  const { delayedSyncs } = met as { delayedSyncs: number };
  expect(waited).toBe(delayedSyncs);
  expect(delayedSyncs).toBeGreaterThan(0);
  for (let count = 0; count < 4; count++) expect(await node.ask('SET', 'k', 'v')).toEqual(done);
  expect((await node.disks.slow('n1', null))['met']).toMatchObject({ delayedSyncs });
});

function plainDisks(state: NodeState, faultDiskFolder: string | null = null) {
  const dataDirectory = join(temporaryFolder(), 'data');
  const nobody = (): Promise<void> => Promise.resolve();
  const lives = { count: 1 };
  const disks = new ProcessDisks({
    place: () => ({ dataDirectory, faultDiskFolder }),
    nodeState: async () => state,
    ...{ lives: () => lives.count, pause: nobody, kill: nobody },
  });
  return { dataDirectory, disks, lives };
}

test('files are listed, the newest first, harmed with proof, and put back', async () => {
  const { dataDirectory, disks } = plainDisks('stopped');
  await mkdir(join(dataDirectory, 'deep'), { recursive: true });
  writeFileSync(join(dataDirectory, 'log'), 'abcdef');
  writeFileSync(join(dataDirectory, 'deep/x'), '');
  const listed = await disks.list('n1');
  expect(listed.map(({ path, bytes }) => [path, bytes]).sort()).toEqual([
    ['deep/x', 0],
    ['log', 6],
  ]);
  expect(listed.map(({ age }) => age)).toEqual([0, 1]);
  const text = () => readFileSync(join(dataDirectory, 'log'), 'latin1');
  const file = { path: 'log' } as const;
  expect(await disks.damage('n1', { type: 'flip', ...file, offset: 1, bit: 0 })).toMatchObject({
    ...{ bytesBefore: 6, bytesAfter: 6, before: 0x62, after: 0x63 },
  });
  expect(text()).toBe('accdef');
  const append = { type: 'append', ...file, bytes: Buffer.from('!') } as const;
  expect(await disks.damage('n1', append)).toMatchObject({ bytesBefore: 6, bytesAfter: 7 });
  const truncate = { type: 'truncate', ...file, keepBytes: 2 } as const;
  expect(await disks.damage('n1', truncate)).toMatchObject({ bytesBefore: 7, bytesAfter: 2 });
  expect(text()).toBe('ac');
  const wiped = await disks.damage('n1', { type: 'wipe' });
  expect(wiped).toEqual({ filesBefore: 2, filesAfter: 0 });
  expect(await disks.list('n1')).toEqual([]);
  expect(await disks.repair('n1')).toEqual({ restoredFiles: 2 });
  expect(text()).toBe('abcdef');
  expect(await disks.repair('n1')).toEqual({ restoredFiles: 0 });
  expect(text()).toBe('abcdef');
  const beyond = { type: 'flip', ...file, offset: 6, bit: 0 } as const;
  await expect(disks.damage('n1', beyond)).rejects.toThrow('has no byte 6');
});

test('room that a log keeps for more is no content, and garbage can go there', async () => {
  const { dataDirectory, disks } = plainDisks('stopped');
  await mkdir(dataDirectory, { recursive: true });
  const log = Buffer.alloc(3_000_000);
  log.write('written', 10);
  writeFileSync(join(dataDirectory, 'log'), log);
  const contents = async () => (await disks.list('n1')).map((file) => file.contentBytes);
  expect(await contents()).toEqual([17]);
  const bytes = Buffer.from('garbage');
  await disks.damage('n1', { type: 'append', path: 'log', bytes, offset: 1024 });
  expect(await contents()).toEqual([1031]);
  await disks.damage('n1', { type: 'append', path: 'log', bytes, offset: 3_000_010 });
  expect(await disks.list('n1')).toMatchObject([{ bytes: 3_000_017, contentBytes: 3_000_017 }]);
});

test('what is put back is of the life that was harmed last, never older', async () => {
  const { dataDirectory, disks, lives } = plainDisks('stopped');
  await mkdir(dataDirectory, { recursive: true });
  const path = join(dataDirectory, 'log');
  writeFileSync(path, 'old');
  await disks.damage('n1', { type: 'append', path: 'log', bytes: Buffer.from('!') });
  lives.count++;
  writeFileSync(path, 'new promises');
  await disks.damage('n1', { type: 'truncate', path: 'log', keepBytes: 1 });
  await disks.damage('n1', { type: 'wipe' });
  await disks.repair('n1');
  expect(readFileSync(path, 'latin1')).toBe('new promises');
});

test('a node that runs is not harmed, and one without a fault disk loses no power', async () => {
  const { disks } = plainDisks('paused');
  await expect(disks.damage('n1', { type: 'wipe' })).rejects.toThrow('n1 is paused');
  await expect(disks.repair('n1')).rejects.toThrow('n1 is paused');
  await expect(disks.powerLoss(['n1'])).rejects.toThrow('not started on a fault disk');
});

test('what was not synced before a harm is still lost after the repair', async () => {
  const node = await LonelyNode.create();
  await diesBeforeSync(node);
  await node.disks.damage('n1', { type: 'wipe' });
  expect(await node.disks.powerLoss(['n1'])).toMatchObject({ lost: { n1: { changesLost: 0 } } });
  await node.disks.repair('n1');
  await node.disks.powerLoss(['n1']);
  await node.start();
  expect(await node.get('k')).toBe('synced');
});

test('what can be had depends on the system and on what was prepared', () => {
  const without = processDiskCapabilities(false, true);
  expect(without['power-loss']).toMatchObject({
    available: false,
    why: expect.stringContaining('SIGKILL alone loses nothing that the kernel holds'),
  });
  expect(without.damage.available).toBe(true);
  expect(processDiskCapabilities(true, false)['disk-full']).toMatchObject({ available: false });
  expect(processDiskCapabilities(true, true)['disk-slow']).toMatchObject({ available: true });
});
