/** `rafture cluster up` and `down`, as a person uses them, against a real engine. */
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, describe, expect, test } from 'vitest';
import { whySkipDockerTests } from './docker-available.ts';
import { connectEngine } from './docker-engine.ts';
import { standing } from './docker-harness-identity.ts';
import { createNetwork } from './docker-network.ts';
import { countLeftovers, removeRun, sweepLeftovers } from './docker-reaper.ts';
import { allotPorts } from './free-ports.ts';

const launcher = join(import.meta.dirname, '../rafture.js');
const name = `test-${process.pid}-standing`;
const whySkip = await whySkipDockerTests();

interface Said {
  readonly code: number | undefined;
  readonly out: string;
  readonly complaint: string;
}

async function cluster(
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Promise<Said> {
  const options = { reject: false, env: environment } as const;
  const result = await execa('node', [launcher, 'cluster', ...args], options);
  return {
    code: result.exitCode,
    out: String(result.stdout),
    complaint: String(result.stderr),
  };
}

const redisCli = 'redis-cli';

/** A busy machine may change its leader meanwhile: then a person tries again, too. */
function expectAnswer(args: readonly string[], answer: string): Promise<void> {
  const ask = async (): Promise<string> => (await execa(redisCli, args)).stdout.trim();
  return expect.poll(ask, { timeout: 20_000, interval: 200 }).toContain(answer);
}

/** The first of three free ports in a row. */
async function freeRow(): Promise<number> {
  const [port = 0] = await allotPorts(1);
  return port;
}

async function countOf(run: string): Promise<number> {
  return countLeftovers(await connectEngine(), run);
}

describe('rafture cluster', () => {
  test('says what is wrong with its flags, and what to do without an engine', async () => {
    for (const [args, why] of [
      [['up', '--nodes', '0'], /--nodes takes a number from 1 to 9, not 0/],
      [['up', '--port', '65534'], /--port takes the first of 5 ports in a row, not 65534/],
      [['down', '--name', 'no/name'], /--name takes letters/],
      [['sideways'], /Invalid values/],
    ] as const) {
      const { code, complaint } = await cluster(args);
      expect(code).toBe(254);
      expect(complaint).toMatch(why);
    }
    const nowhere = { DOCKER_HOST: 'unix:///nonexistent/docker.sock' };
    const { code, complaint } = await cluster(['up'], nowhere);
    expect(code).toBe(254);
    expect(complaint).toMatch(/no container engine answers at .*install Docker and start it/);
  }, 60_000);
});

describe.skipIf(whySkip !== null)('a standing cluster', { timeout: 120_000 }, () => {
  const runs = [name, `${name}-half`, `${name}-stopped`];

  afterAll(async () => {
    const engine = await connectEngine();
    for (const run of runs) await removeRun(engine, run, null);
  }, 60_000);

  test('is brought up, stays up, is found up, comes back with its data, and goes', async () => {
    const port = await freeRow();
    const flags = ['--name', name, '--nodes', '3', '--port', String(port)];
    const made = await cluster(['up', ...flags]);
    expect(made.complaint).toBe('');
    expect(made.code).toBe(0);
    expect(made.out).toMatch(new RegExp(`the cluster ${name} is up; n[123] leads`));

    // The lines that it shows are tried as they stand.
    const lines = made.out.split('\n').filter((line) => line.startsWith('  redis-cli'));
    const answers = ['OK', 'hello', `cluster_id:${name}`];
    for (const [at, line] of lines.entries()) {
      const [, ...args] = line.replace(/#.*/, '').trim().split(/\s+/);
      await expectAnswer(args, answers[at] ?? 'nothing else is shown');
    }

    // No harness owns it, so the sweep of the next run leaves it alone.
    expect(await sweepLeftovers(await connectEngine())).not.toContain(name);
    const again = await cluster(['up', ...flags]);
    expect(again.code).toBe(0);
    expect(again.out).toContain('is up already');

    const { docker } = await connectEngine();
    for (const node of ['n1', 'n2', 'n3'])
      await docker.getContainer(`rafture-${name}-${node}`).kill();
    const back = await cluster(['up', ...flags]);
    expect(back.out).toContain('is up again with its data');
    await expectAnswer(['-p', String(port), 'GET', 'greeting'], 'hello');

    const taken = await cluster(['up', '--name', `${name}-stopped`, '--port', String(port)]);
    expect(taken.code).toBe(254);
    expect(taken.complaint).toContain(`somebody listens on port ${port}`);

    const down = await cluster(['down', '--name', name]);
    expect(down).toMatchObject({ code: 0, complaint: '' });
    expect(down.out).toContain('7 containers, networks and volumes');
    expect(await countOf(name)).toBe(0);
    expect((await cluster(['down', '--name', name])).out).toContain('nothing to remove');
  });

  test('that is half-made is not touched by up, and removed by down', async () => {
    const run = `${name}-half`;
    await createNetwork(await connectEngine(), { runId: run, harness: standing, nodes: ['n1'] });
    const up = await cluster(['up', '--name', run]);
    expect(up.code).toBe(254);
    expect(up.complaint).toMatch(/0 of 5 nodes are there: take it down/);
    expect((await cluster(['down', '--name', run])).code).toBe(0);
    expect(await countOf(run)).toBe(0);
  });

  test('whose making is interrupted leaves nothing', async () => {
    const run = `${name}-stopped`;
    const args = [launcher, 'cluster', 'up', '--name', run, '--port', String(await freeRow())];
    const child = execa('node', args, { reject: false, buffer: false });
    for await (const line of child.iterable()) {
      if (String(line).startsWith('starting')) child.kill('SIGINT');
    }
    expect((await child).exitCode).toBe(130);
    expect(await countOf(run)).toBe(0);
  });

  test('is not confused with a run of the harness of the same name', async () => {
    const run = `${name}-half`;
    const engine = await connectEngine();
    const { networkName } = await createNetwork(engine, {
      ...{ runId: run, nodes: ['n1'] },
      harness: 'elsewhere/1/1',
    });
    const { code, complaint } = await cluster(['down', '--name', run]);
    expect(code).toBe(254);
    expect(complaint).toMatch(/is a run of rafture test/);
    await engine.docker.getNetwork(networkName).remove();
  });
});
