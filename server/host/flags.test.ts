import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FlagError } from './flag-error.ts';
import { describeDoubts, type Flags, parseFlags } from './flags.ts';
import { type Authority, createAuthority } from './test-certificates.ts';

let folder: string;
let authority: Authority;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rafture-flags-'));
  authority = await createAuthority('ours');
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

const basis = [
  ...['--id', 'n1', '--data-dir', 'data/n1'],
  ...['--listen-client', '127.0.0.1:7001', '--listen-peer', '127.0.0.1:7101'],
];

function parse(...more: readonly string[]): Flags {
  const flags = parseFlags([...basis, ...more]);
  if (flags === null) throw new Error('help was printed');
  return flags;
}

test('without more than what is needed, a node is a cluster of one with the defaults', () => {
  expect(parse()).toMatchObject({
    id: 'n1',
    clusterId: 'rafture',
    listenHttp: null,
    initialConfiguration: {
      voters: ['n1'],
      learners: [],
      addresses: { n1: { peer: '127.0.0.1:7101', client: '127.0.0.1:7001' } },
    },
    ...{ tickMs: 20, heartbeatTicks: 3, electionTicks: 15, clientsMax: 10_000 },
    ...{ segmentBytes: 67_108_864, snapshotEntries: 50_000, trailingEntries: 5000 },
    ...{ peerTls: null, clientTls: null, password: null, crashAt: null, trace: null },
    ...{ checkDeeply: false, logLevel: 'info' },
  });
});

test('the nodes that are named vote, in the same order on each, with their addresses', () => {
  const more = ['--peer', 'n0=10.0.0.1:1', '--client-address', 'n0=10.0.0.1:2'];
  const flags = parse(...more, '--peer-address', '10.0.0.2:1');
  expect(flags.initialConfiguration.voters).toEqual(['n0', 'n1']);
  expect(flags.initialConfiguration.addresses).toEqual({
    n0: { peer: '10.0.0.1:1', client: '10.0.0.1:2' },
    n1: { peer: '10.0.0.2:1', client: '127.0.0.1:7001' },
  });
  expect(flags.peers).toEqual(new Map([['n0', { host: '10.0.0.1', port: 1 }]]));
});

test('an address that stands for all addresses is told to nobody as a peer’s', () => {
  const flags = parseFlags([...basis.slice(0, -1), '0.0.0.0:7101']);
  expect(flags?.initialConfiguration.addresses['n1']?.peer).toBe('');
});

test('a node that joins has no configuration of its own', () => {
  const flags = parse('--join', '--peer', 'n0=10.0.0.1:1');
  expect(flags.initialConfiguration.voters).toEqual([]);
  expect(flags.peers.has('n0')).toBe(true);
});

test('a route leads to a node that is no member at first', () => {
  const flags = parse('--peer', 'n0=10.0.0.1:1', '--route', 'n9=10.0.0.9:1');
  expect(flags.initialConfiguration.voters).toEqual(['n0', 'n1']);
  expect(flags.peers.get('n9')).toEqual({ host: '10.0.0.9', port: 1 });
});

test('what is asked for is passed on', () => {
  const flags = parse(
    ...['--crash-at', 'wal.after-fsync#3', '--trace', '-', '--check-invariants'],
    ...['--listen-http', '[::1]:80', '--cluster-id', 'c', '--trailing-entries', '0'],
    ...['--password-file', write('password', 'secret words\r\nsecond line\n')],
    ...['--fault-disk', 'faults', '--allow-crash-points'],
  );
  expect(flags).toMatchObject({
    crashAt: { name: 'wal.after-fsync', passage: 3 },
    ...{ trace: '-', checkDeeply: true, clusterId: 'c', trailingEntries: 0 },
    ...{ faultDisk: 'faults', allowCrashPoints: true },
    ...{ listenHttp: { host: '::1', port: 80 }, password: 'secret words' },
  });
});

test('what is for tests is off unless it is asked for', () => {
  expect(parse()).toMatchObject({ faultDisk: null, allowCrashPoints: false, crashAt: null });
});

test('addresses that clients cannot use are told of, and those that are whole are not', () => {
  const whole = ['--peer', 'n2=h:1', '--client-address', 'n2=h:2'];
  expect(describeDoubts(parse(...whole))).toEqual([]);
  expect(describeDoubts(parse('--join'))).toEqual([]);
  expect(describeDoubts(parse('--peer', 'n2=h:1'))).toEqual([
    expect.stringMatching(/^clients are not sent to n2 /),
  ]);
  const all = parse('--client-address', 'n1=0.0.0.0:7001');
  expect(describeDoubts(all)).toEqual([expect.stringMatching(/^clients are sent to 0.0.0.0:7001/)]);
});

test('each flag that is wrong is named, with what is expected', () => {
  const wrong: readonly (readonly [readonly string[], string])[] = [
    [['--bogus', '1'], 'bogus'],
    [['--id', 'n2'], '--id must be given once'],
    [['--listen-http', 'nowhere'], "--listen-http must be HOST:PORT, not 'nowhere'"],
    [['--peer', 'n2'], '--peer must be ID=HOST:PORT'],
    [['--peer', 'n2=h:1', '--peer', 'n2=h:2'], '--peer names n2 twice'],
    [['--peer', 'n1=127.0.0.1:1'], 'n1 is this node'],
    [['--route', 'n1=127.0.0.1:1'], '--route names n1, which is known already'],
    [['--peer', 'n2=h:1', '--route', 'n2=h:1'], '--route names n2, which is known already'],
    [['--fault-disk', ''], '--fault-disk must be given once'],
    [['--peer', `${'n'.repeat(65)}=h:1`], "--peer: a node's id is 1 to 64 of the characters"],
    [['--client-address', 'n 2=h:1'], "--client-address: a node's id is"],
    [['--cluster-id', 'c'.repeat(256)], '--cluster-id must have at most 255 bytes'],
    [['--cluster-id'], 'cluster-id'],
    [['--peer'], 'peer'],
    [['--tick-ms'], 'tick-ms'],
    [['--tick-ms='], '--tick-ms must be a whole number'],
    [['--log-level'], 'log-level'],
    [['--peer', '--join'], 'peer'],
    [['--join=maybe'], "--join takes no value, not even '--join=maybe'"],
    [['--listen-http', '127.0.0.1:0'], '--listen-http needs a port from 1 on'],
    [['--peer', 'n2=h:0'], '--peer needs a port from 1 on'],
    [['--seed', '1'], 'seed'],
    [['--peer-address', 'x'], '--peer-address must be HOST:PORT'],
    [['--cluster-id', ''], '--cluster-id must be given once, with a value'],
    [['--election-ticks', '2'], '--election-ticks must be greater'],
    [['--tick-ms', 'soon'], '--tick-ms must be a whole number, at least 1'],
    [['--segment-bytes', '10'], '--segment-bytes must be a whole number, at least 4096'],
    [['--snapshot-entries', '0'], '--snapshot-entries must be a whole number, at least 1'],
    [['--trailing-entries', '-1'], '--trailing-entries must be a whole number, at least 0'],
    [['--max-clients', '0.5'], '--max-clients'],
    [['--crash-at', 'wal.afterfsync#3'], 'did you mean wal.after-fsync?'],
    [['--crash-at', 'wal.after-fsync#0'], "N of NAME#N is a whole number from 1 on, not '0'"],
    [['--tls-client-ca', 'x'], '--tls-client-ca needs --tls-client-cert'],
    [['--log-level', 'loud'], 'log-level'],
    [['--password-file', join(folder, 'none')], '--password-file: ENOENT'],
    [['--password-file', write('empty', '\nx')], 'its first line is empty'],
    [['--tls-client-key', 'x'], '--tls-client-cert and --tls-client-key belong together'],
    [['--tls-peer-ca', 'x'], 'belong together'],
  ];
  for (const [flags, message] of wrong) {
    expect(() => parse(...flags), flags.join(' ')).toThrow(FlagError);
    expect(() => parse(...flags), flags.join(' ')).toThrow(message);
  }
  expect(() => parseFlags(['--id', 'n1'])).toThrow('data-dir');
  expect(() => parseFlags(['--id', 'n 1', ...basis.slice(2)])).toThrow("--id: a node's id is 1 to");
});

test('certificates are read and checked at the start', async () => {
  const [own, other] = [await authority.sign('n1'), await authority.sign('n2')];
  const ca = write('ca.pem', authority.ca);
  const [cert, key] = [write('n1.pem', own.cert), write('n1.key', own.key)];
  const peers = ['--tls-peer-ca', ca, '--tls-peer-cert', cert, '--tls-peer-key', key];
  const clients = ['--tls-client-cert', cert, '--tls-client-key', key];
  const flags = parse(...peers, ...clients);
  expect(flags.peerTls?.ca.toString()).toBe(authority.ca);
  expect(flags.clientTls).toMatchObject({ ca: null });
  expect(parse(...clients, '--tls-client-ca', ca).clientTls?.ca?.toString()).toBe(authority.ca);

  const foreign = write('n2.pem', other.cert);
  const foreignKey = write('n2.key', other.key);
  const asOther = ['--tls-peer-ca', ca, '--tls-peer-cert', foreign, '--tls-peer-key'];
  expect(() => parse(...asOther, foreignKey)).toThrow('is for n2, n2, not for the node id n1');
  expect(() => parse(...asOther, key)).toThrow('the files of --tls-peer-* cannot be used');
  const nonsense = write('nonsense.pem', 'nonsense');
  expect(() => parse(...clients, '--tls-client-ca', nonsense)).toThrow('there is no certificate');
  const theirs = write('theirs.pem', (await createAuthority('theirs')).ca);
  const astray = ['--tls-peer-ca', theirs, '--tls-peer-cert', cert, '--tls-peer-key', key];
  expect(() => parse(...astray)).toThrow('its authority is not in --tls-peer-ca');
  expect(() => parse('--tls-client-cert', nonsense, '--tls-client-key', key)).toThrow(
    'the files of --tls-client-* cannot be used',
  );
});
