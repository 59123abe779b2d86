/** What is special about the links of containers; the conformance suite tests the modes. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Cluster, clientsEnd, type LinkMode, type LinkRule } from '../cluster.ts';
import { describeRule, sameRules } from '../nemesis/desired-network.ts';
import { createRandomStream, randomInteger, randomItem } from '../run/random.ts';
import {
  allLinks,
  ask,
  askNumber,
  between,
  expectRules,
  expectSilent,
  link,
  metBy,
  nodes,
  rule,
  trip,
  untilHeard,
  withRules,
} from './cluster-conformance-rig.ts';
import { createDockerCluster } from './docker.ts';
import { whySkipDockerTests } from './docker-available.ts';
import { connectEngine, roleLabel, runLabel } from './docker-engine.ts';
import { startHeldContainer } from './docker-held-container.ts';
import { proxyUser } from './docker-link-protocol.ts';
import { LinkTools } from './docker-link-tools.ts';
import { countLeftovers, removeRun } from './docker-reaper.ts';
import { prepareBaseImage } from './images/images.ts';
import { pingSourceRoot, pingSystem } from './ping-system.ts';

const here = dirname(fileURLToPath(import.meta.url));
const whySkip = await whySkipDockerTests();

const drop: LinkMode = { type: 'drop' };
const hold: LinkMode = { type: 'hold' };
const reset: LinkMode = { type: 'reset' };
const delay: LinkMode = { type: 'delay', ms: 30, jitterMs: 0 };

const onProgress = (): void => {};

/** A PING at this port: what became of it. */
function ping(port: number, limitMs: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    const end = (what: string): void => {
      socket.destroy();
      resolve(what);
    };
    socket.setTimeout(limitMs, () => end('silence'));
    socket.on('connect', () => socket.write('*1\r\n$4\r\nPING\r\n'));
    socket.on('data', () => end('answer'));
    socket.on('error', () => end('broken'));
    socket.on('end', () => end('broken'));
  });
}

describe.skipIf(whySkip !== null)('links of containers', { timeout: 60_000 }, () => {
  let created: Cluster | undefined;
  const cluster = (): Cluster => {
    if (created === undefined) throw new Error('the cluster was not created');
    return created;
  };

  beforeAll(async () => {
    created = await createDockerCluster({
      ...{ system: pingSystem, nodes, sourceRoot: pingSourceRoot, images: 'auto' },
      runId: `test-${process.pid}-links`,
      prepare: new Set(['hold']),
    });
    await untilHeard(created, allLinks(), 3);
  }, 120_000);

  afterAll(() => created?.tearDown(), 60_000);

  test('any rules are read back from the kernel and the proxy as they were asked for', async () => {
    const random = createRandomStream(6, 'rules');
    const modes: readonly (() => LinkMode)[] = [
      ...(['drop', 'oneway', 'hold', 'reset'] as const).map((type) => () => ({ type })),
      () => ({ type: 'loss', percent: (1 + randomInteger(random, 1_000_000)) / 10_000 }),
      () => ({ type: 'delay', ms: randomInteger(random, 100), jitterMs: randomInteger(random, 9) }),
      () => ({ type: 'rate', kilobitsPerS: 1 + randomInteger(random, 1000) }),
    ];
    const ends = [clientsEnd, ...nodes];
    for (let round = 0; round < 25; round++) {
      const rules = new Map<string, LinkRule>();
      for (let left = randomInteger(random, 12); left > 0; left--) {
        const from = randomItem(random, ends);
        const to = randomItem(random, ends);
        const mode = randomItem(random, modes)();
        if (from !== to) rules.set(`${from} ${to} ${mode.type}`, { from, to, mode });
      }
      await cluster().network.set([...rules.values()]);
      const { rules: read } = await cluster().network.read();
      const told = { asked: [...rules.values()].map(describeRule), read: read.map(describeRule) };
      expect(sameRules([...rules.values()], read), JSON.stringify(told)).toBe(true);
    }
    await cluster().network.set([]);
    await expectRules(cluster(), []);
    await untilHeard(cluster(), allLinks(), 3);
  });

  test('clients are cut in one direction or the other, at the published port as well', async () => {
    const port = Number(cluster().clientAddress('n1').split(':')[1]);
    const toNode = rule(`${clientsEnd}>n1`, drop);
    const fromNode = rule(`n1>${clientsEnd}`, drop);
    for (const cut of [toNode, fromNode]) {
      expect(await ping(port, 5000)).toBe('answer');
      const before = await metBy(cluster(), 'drop');
      await cluster().network.set([cut]);
      expect(await ping(port, 300)).toBe('silence');
      expect((await ask(cluster(), 'n1', ['PING'], 300)).type).toBe('lost');
      expect((await ask(cluster(), 'n2', ['PING'])).type).toBe('simple');
      expect(await metBy(cluster(), 'drop')).toBeGreaterThan(before);
      await cluster().network.set([]);
    }
    expect(await ping(port, 5000)).toBe('answer');
  });

  test('a client’s connection is broken by a reset, and a new one is refused', async () => {
    const stream = await cluster().connect('n1');
    const closed = new Promise<string>((resolve) => stream.onClose(resolve));
    const before = await metBy(cluster(), 'reset');
    await cluster().network.set(between(clientsEnd, 'n1', reset));
    stream.write(Buffer.from('*1\r\n$4\r\nPING\r\n'));
    expect(await closed).toMatch(/ECONNRESET/);
    await expect(cluster().connect('n1')).rejects.toThrow(/ECONNREFUSED/);
    expect(await metBy(cluster(), 'reset')).toBeGreaterThanOrEqual(before + 2);
    await cluster().network.set([]);
    expect((await ask(cluster(), 'n1', ['PING'])).type).toBe('simple');
  });

  test('a reset in one direction ends what carries data there, and nothing else', async () => {
    const closed = (words: string): Promise<number> =>
      askNumber(cluster(), link(words).from, ['CLOSED', link(words).to]);
    const was = await closed('n1>n2');
    const others = ['n2>n1', 'n1>n3', 'n3>n2'];
    const before = await Promise.all(others.map(closed));
    await withRules(cluster(), [rule('n1>n2', reset)], async () => {
      await expectSilent(cluster(), [link('n1>n2')]);
      await expect.poll(() => closed('n1>n2'), { timeout: 10_000 }).toBeGreaterThan(was + 1);
    });
    expect(await Promise.all(others.map(closed))).toEqual(before);
  });

  test('clients wait for what is late or held, and get it', async () => {
    await withRules(cluster(), between(clientsEnd, 'n1', delay), async () => {
      const start = performance.now();
      expect((await ask(cluster(), 'n1', ['PING'])).type).toBe('simple');
      expect(performance.now() - start).toBeGreaterThan(58);
    });
    await cluster().network.set(between(clientsEnd, 'n1', hold));
    const held = ask(cluster(), 'n1', ['SET', 'held', 'yes']);
    // By the time that this is answered, what was sent before has arrived, were it not held.
    for (let turn = 0; turn < 20; turn++) await ask(cluster(), 'n2', ['PING']);
    await expect.poll(() => metBy(cluster(), 'hold'), { timeout: 10_000 }).toBeGreaterThan(0);
    await cluster().network.set([]);
    expect((await held).type).toBe('simple');
  });

  test('a link stays held when a node at its end starts anew, and other rules change', async () => {
    const rules = [rule('n1>n2', hold), rule('n3>n2', drop)];
    await cluster().network.set([rule('n1>n2', hold)]);
    await cluster().kill('n2');
    await cluster().start('n2');
    await cluster().network.set(rules);
    await expectRules(cluster(), rules);
    await expectSilent(cluster(), [link('n1>n2'), link('n3>n2')], {
      indifferent: [link('n2>n3')],
    });
    await cluster().network.set([]);
    await untilHeard(cluster(), allLinks(), 3);
  });

  test('a request that is refused on its way leaves what was in force as it was', async () => {
    await withRules(cluster(), [rule('n1>n2', hold)], async () => {
      const refused = [rule('n1>n2', delay), rule('n2>n3', { type: 'loss', percent: 101 })];
      await expect(cluster().network.set(refused)).rejects.toThrow(/less than all: 101 %/);
      await expectRules(cluster(), [rule('n1>n2', hold)]);
      await expectSilent(cluster(), [link('n1>n2')]);
    });
  });

  test('nothing passes through the proxy when no rule needs it', async () => {
    const base = await networkBase(`test-${process.pid}-links`);
    await expect.poll(() => proxyConnections(base), { timeout: 10_000 }).toBe(0);
    await withRules(cluster(), between('n1', 'n2', delay), async () => {
      expect(await trip(cluster(), 'n1>n2')).toBeGreaterThan(58);
      expect(await proxyConnections(base)).toBeGreaterThan(0);
    });
    await expect.poll(() => proxyConnections(base), { timeout: 10_000 }).toBe(0);
  });

  test('are healed when the proxy is gone, and cut by what needs none', async () => {
    await cluster().network.set(between('n1', 'n2', hold));
    const { docker } = await connectEngine();
    const label = [`${runLabel}=test-${process.pid}-links`, `${roleLabel}=link-proxy`];
    const [proxy] = await docker.listContainers({ filters: { label } });
    await docker.getContainer(proxy?.Id ?? '').remove({ force: true });
    await expect(cluster().network.read()).rejects.toThrow(/link proxy is gone/);
    await withRules(cluster(), between('n1', 'n2', drop), async () => {
      await expectSilent(cluster(), between('n1', 'n2', drop));
    });
    await expect(cluster().network.set([rule('n1>n2', hold)])).rejects.toThrow(/proxy is gone/);
    await expectRules(cluster(), []);
  });
});

/** `10.77.3.`, of the network of a run. */
async function networkBase(runId: string): Promise<string> {
  const { docker } = await connectEngine();
  const filters = { label: [`${runLabel}=${runId}`] };
  const [network] = await docker.listNetworks({ filters });
  return network?.IPAM?.Config?.[0]?.Gateway?.replace(/1$/, '') ?? 'none';
}

/** How many of its connections to this network are open, as this machine's kernel lists them. */
async function proxyConnections(base: string): Promise<number> {
  const [first = 0, second = 0, third = 0] = base.split('.').map(Number);
  // Addresses are little-endian: the last byte of the network's comes first.
  const bytes = Buffer.from([third, second, first]).toString('hex').toUpperCase();
  const table = await readFile('/proc/net/tcp', 'utf8');
  return table.split('\n').filter((line) => {
    const [, , remote = '', state = '', , , , user = ''] = line.trim().split(/\s+/);
    return remote.slice(2, 8) === bytes && state === '01' && user === String(proxyUser);
  }).length;
}

describe.skipIf(whySkip !== null)('the tools of links', { timeout: 60_000 }, () => {
  const runs: string[] = [];
  const children: ChildProcess[] = [];

  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    const engine = await connectEngine();
    for (const run of runs) await removeRun(engine, run, null).catch(() => {});
  }, 60_000);

  test('without a proxy refuse what needs it, say why, and change nothing', async () => {
    const engine = await connectEngine();
    const runId = `test-${process.pid}-unprepared`;
    runs.push(runId);
    const base = await prepareBaseImage(engine, 'auto', onProgress);
    const tools = await LinkTools.start(engine, { runId, base, prepare: new Set(), onProgress });
    const { drop: canDrop, reset: canReset, hold: canHold } = tools.capabilities();
    expect([canDrop.available, canReset.available]).toEqual([true, true]);
    expect(canHold).toEqual({
      available: false,
      why: expect.stringContaining('not prepared'),
      remedy: expect.any(String),
    });
    const addresses = new Map(nodes.map((node, at) => [node, `203.0.113.${11 + at}`]));
    const plan = { networkName: 'none', subnet: '203.0.113.0/24', gateway: '203.0.113.1' };
    const network = await tools.open({ ...plan, addresses }, 6379, 7000);
    await network.set([rule('n1>n2', drop)]);
    await expect(network.set([rule('n2>n1', drop), rule('n1>n3', hold)])).rejects.toThrow(
      /no hold is possible: it was not prepared/,
    );
    await expect(network.set([rule('n1>n9', drop)])).rejects.toThrow(/no node n9/);
    expect((await network.read()).rules).toEqual([rule('n1>n2', drop)]);
  });

  test('end with a harness that is killed, and take every rule along', async () => {
    const runId = `test-${process.pid}-linkskilled`;
    runs.push(runId);
    const engine = await connectEngine();
    const script = join(here, 'testdata/hold-docker-links.ts');
    const child = spawn(process.execPath, [script, runId], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    const said = [];
    for await (const line of createInterface({ input: child.stdout })) {
      said.push(line);
      if (line === 'holding') break;
    }
    expect(said).toContain('holding');
    const table = `rafture_test_${process.pid}_linkskilled`;
    const tables = async (): Promise<readonly string[]> =>
      (await listTables()).filter((each) => each.endsWith(` ${table}`));
    expect(await tables()).toEqual([`table bridge ${table}`, `table ip ${table}`]);
    // Three nodes, the fault agent, the link proxy, the reaper, a network and three volumes.
    expect(await countLeftovers(engine, runId)).toBe(10);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await expect.poll(tables, { timeout: 30_000 }).toEqual([]);
    await expect
      .poll(() => countLeftovers(engine, runId), { timeout: 30_000, interval: 100 })
      .toBe(0);
  });

  /** Of nft, in the engine's network. */
  async function listTables(): Promise<readonly string[]> {
    const engine = await connectEngine();
    const base = await prepareBaseImage(engine, 'auto', onProgress);
    const runId = `test-${process.pid}-tables-${process.hrtime.bigint()}`;
    runs.push(runId);
    const container = await startHeldContainer(engine, {
      ...{ runId, role: 'fault-agent', image: base.tag, entrypoint: ['nft', 'list', 'tables'] },
      hostConfig: { NetworkMode: 'host', CapDrop: ['ALL'], CapAdd: ['NET_ADMIN'] },
    });
    const listing: string[] = [];
    container.stdout.on('data', (chunk: Buffer) => listing.push(chunk.toString('utf8')));
    await container.ended;
    return listing.join('').split('\n');
  }
});
