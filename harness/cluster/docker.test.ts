/** Tests of the docker cluster, against a real engine. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { abilities, simulatedOnly } from '../cluster.ts';
import { describeClusterConformance } from './cluster-conformance.ts';
import { createDockerCluster, probeDocker } from './docker.ts';
import { whySkipDockerTests } from './docker-available.ts';
import { connectEngine, harnessLabel, runLabel } from './docker-engine.ts';
import { describeHarness } from './docker-harness-identity.ts';
import { countLeftovers, removeRun, sweepLeftovers } from './docker-reaper.ts';
import { prepareBaseImage, prepareServerImage } from './images/images.ts';
import { pingSystem } from './ping-system.ts';

const here = dirname(fileURLToPath(import.meta.url));
const whySkip = await whySkipDockerTests();
if (whySkip !== null) process.stderr.write(`docker tests are skipped: ${whySkip}\n`);

describe.skipIf(whySkip !== null)('docker', { timeout: 60_000 }, () => {
  const conformanceRun = `test-${process.pid}-conformance`;
  describeClusterConformance('containers', {
    create: (options) => createDockerCluster({ ...options, runId: conformanceRun, images: 'auto' }),
    musts: abilities.filter((each) => !simulatedOnly.includes(each)),
  });

  test('nothing with the label of a run is left when its cluster is torn down', async () => {
    expect(await countLeftovers(await connectEngine(), conformanceRun)).toBe(0);
  });

  test('the probe says what it would run on', async () => {
    const probe = await probeDocker('auto');
    expect(probe).toEqual({ ok: true, how: expect.stringMatching(/docker .*images .*nftables/) });
  });

  test('a server that ends at once fails the start with its own last words', async () => {
    const sourceRoot = await mkdtemp(join(tmpdir(), 'rafture-broken-'));
    const runId = `test-${process.pid}-broken`;
    try {
      await mkdir(join(sourceRoot, 'server'));
      const source = "process.stderr.write('no such luck\\n');\nprocess.exit(3);\n";
      await writeFile(join(sourceRoot, 'server/main.ts'), source);
      const created = createDockerCluster({
        system: pingSystem,
        nodes: ['n1', 'n2'],
        runId,
        images: 'auto',
        sourceRoot,
      });
      await expect(created).rejects.toThrow(/it exited with code 3[\s\S]*no such luck/);
      expect(await countLeftovers(await connectEngine(), runId)).toBe(0);
    } finally {
      await rm(sourceRoot, { recursive: true });
    }
  });

  test('an image is built once, and an edited source makes only another server image', async () => {
    const engine = await connectEngine();
    const sourceRoot = await mkdtemp(join(tmpdir(), 'rafture-edited-'));
    const lines: string[] = [];
    const onProgress = (line: string): void => {
      lines.push(line);
    };
    try {
      await mkdir(join(sourceRoot, 'server'));
      const path = join(sourceRoot, 'server/main.ts');
      await writeFile(path, `// ${process.hrtime.bigint()}\n`);
      const base = await prepareBaseImage(engine, 'auto', onProgress);
      const first = await prepareServerImage(engine, { base, sourceRoot, onProgress });
      lines.length = 0;
      expect(await prepareBaseImage(engine, 'auto', onProgress)).toEqual(base);
      expect(await prepareServerImage(engine, { base, sourceRoot, onProgress })).toBe(first);
      expect(lines).toEqual([]);
      await writeFile(path, `// ${process.hrtime.bigint()}\n`);
      const second = await prepareServerImage(engine, { base, sourceRoot, onProgress });
      expect(second).not.toBe(first);
      expect(lines).toEqual([`building the image ${second}`]);
      await engine.docker.getImage(first).remove();
      await engine.docker.getImage(second).remove();
    } finally {
      await rm(sourceRoot, { recursive: true });
    }
  });
});

describe.skipIf(whySkip !== null)('the end of a harness', { timeout: 60_000 }, () => {
  const runs: string[] = [];
  const children: ChildProcess[] = [];

  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    const engine = await connectEngine();
    for (const run of runs.splice(0)) await removeRun(engine, run, null).catch(() => {});
  });

  /** A harness in a process of its own, once it has said that it has come so far. */
  async function harnessAt(runId: string, stage: RegExp): Promise<ChildProcess> {
    runs.push(runId);
    const script = join(here, 'testdata/hold-docker-cluster.ts');
    const child = spawn(process.execPath, [script, runId], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    for await (const line of createInterface({ input: child.stdout })) {
      if (stage.test(line)) return child;
    }
    throw new Error(`the harness ended before ${stage}`);
  }

  async function expectNothingLeft(runId: string): Promise<void> {
    const engine = await connectEngine();
    await expect
      .poll(() => countLeftovers(engine, runId), { timeout: 30_000, interval: 100 })
      .toBe(0);
  }

  test('a SIGKILL of the harness leaves no container, network or volume', async () => {
    const runId = `test-${process.pid}-killed`;
    const harness = await harnessAt(runId, /^holding$/);
    // Two nodes, the fault agent, the reaper, a network and two volumes.
    expect(await countLeftovers(await connectEngine(), runId)).toBe(7);
    harness.kill('SIGKILL');
    await expectNothingLeft(runId);
  });

  test('a SIGKILL while the cluster is being made leaves nothing either', async () => {
    const runId = `test-${process.pid}-early`;
    const harness = await harnessAt(runId, /^starting/);
    harness.kill('SIGKILL');
    await expectNothingLeft(runId);
  });

  test('Ctrl-C leaves nothing', async () => {
    const runId = `test-${process.pid}-interrupted`;
    const harness = await harnessAt(runId, /^holding$/);
    harness.kill('SIGINT');
    await expectNothingLeft(runId);
  });

  test('a sweep removes what a dead harness left, and nothing of one that lives', async () => {
    const engine = await connectEngine();
    const dead = `test-${process.pid}-dead`;
    const alive = `test-${process.pid}-alive`;
    runs.push(dead, alive);
    // No process has this number: it is above what Linux gives out.
    const gone = `${hostname()}/4194305/1`;
    for (const [run, harness] of [
      [dead, gone],
      [alive, describeHarness()],
    ] as const) {
      const labels = { [runLabel]: run, [harnessLabel]: harness };
      await engine.docker.createVolume({ Name: `rafture-${run}`, Labels: labels });
      await engine.docker.createNetwork({ Name: `rafture-${run}`, Labels: labels });
    }
    expect(await sweepLeftovers(engine)).toContain(dead);
    expect(await countLeftovers(engine, dead)).toBe(0);
    expect(await countLeftovers(engine, alive)).toBe(2);
  });
});

describe('without an engine', () => {
  const saved = process.env['DOCKER_HOST'];

  afterEach(() => {
    if (saved === undefined) delete process.env['DOCKER_HOST'];
    else process.env['DOCKER_HOST'] = saved;
  });

  test('the probe says so, and how to get one', async () => {
    process.env['DOCKER_HOST'] = 'unix:///nonexistent/docker.sock';
    const probe = await probeDocker('auto');
    expect(probe).toEqual({
      ok: false,
      why: expect.stringMatching(/no container engine answers .*install Docker/),
    });
  });

  test('an engine on another machine is refused with the reason', async () => {
    process.env['DOCKER_HOST'] = 'tcp://engine.example:2375';
    const probe = await probeDocker('auto');
    expect(probe).toEqual({ ok: false, why: expect.stringContaining('127.0.0.1') });
  });
});
