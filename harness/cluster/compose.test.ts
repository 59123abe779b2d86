/** docker/compose.yaml, where compose is: the plugin of docker, or the program of its own. */
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { whySkipDockerTests } from './docker-available.ts';
import { connectEngine } from './docker-engine.ts';
import { allotPorts } from './free-ports.ts';
import { prepareBaseImage } from './images/images.ts';
import { awaitServingLeader } from './serving-leader.ts';

const file = join(import.meta.dirname, '../../docker/compose.yaml');
const project = `rafture-test-${process.pid}`;
const nodes = ['n1', 'n2', 'n3', 'n4', 'n5'];

async function findCompose(): Promise<readonly [string, ...string[]] | null> {
  for (const command of [['docker', 'compose'], ['docker-compose']] as const) {
    const [program, ...args] = command;
    const { exitCode } = await execa(program, [...args, 'version'], { reject: false });
    if (exitCode === 0) return command;
  }
  return null;
}

const redisCli = 'redis-cli';

/** A busy machine may change its leader meanwhile: then a person tries again, too. */
function expectAnswer(args: readonly string[], answer: string): Promise<void> {
  const ask = async (): Promise<string> => (await execa(redisCli, args)).stdout.trim();
  return expect.poll(ask, { timeout: 20_000, interval: 200 }).toContain(answer);
}

const compose = (await whySkipDockerTests()) === null ? await findCompose() : null;
if (compose === null) process.stderr.write('there is no compose here: its file is not tested\n');

describe.skipIf(compose === null)('the compose file', { timeout: 120_000 }, () => {
  test('starts five nodes to which redis-cli talks, and takes all of them down', async () => {
    const [program, ...first] = compose ?? ['docker'];
    const ports = await allotPorts(nodes.length);
    const engine = await connectEngine();
    // What a registry would give is made of this machine's binaries where it can be.
    const { tag } = await prepareBaseImage(engine, 'auto', () => undefined);
    const portFlags = ports.map((port, at) => [`RAFTURE_PORT_${at + 1}`, String(port)] as const);
    const env = { RAFTURE_BASE: tag, ...Object.fromEntries(portFlags) };
    const run = (...args: readonly string[]) =>
      execa(program, [...first, '-f', file, '-p', project, ...args], { env });
    try {
      await run('up', '--detach', '--build');
      const places = nodes.map((node, at) => ({ node, port: ports[at] ?? 0 }));
      const outcome = await awaitServingLeader(places, () => Promise.resolve(null));
      expect(outcome).toEqual({ leader: expect.stringMatching(/^n[1-5]$/) });
      for (const [at, port] of ports.entries()) {
        await expectAnswer(['-c', '-p', String(port), 'SET', `key${at}`, `value${at}`], 'OK');
        const other = String(ports[(at + 1) % ports.length]);
        await expectAnswer(['-p', other, 'GET', `key${at}`], `value${at}`);
      }
    } finally {
      await run('down', '--volumes');
    }
    const filters = { label: [`com.docker.compose.project=${project}`] };
    expect(await engine.docker.listContainers({ all: true, filters })).toEqual([]);
    expect((await engine.docker.listVolumes({ filters })).Volumes).toEqual([]);
  });
});
