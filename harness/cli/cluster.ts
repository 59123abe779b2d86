/**
 * `rafture cluster up|down`: nodes in containers for a person and redis-cli, until they are taken
 * down. It needs an engine: processes would have nobody left to end them.
 */
import process from 'node:process';
import type { CommandModule, Options } from 'yargs';
import type { StandingCluster } from '../cluster/standing-cluster.ts';
import { exitCodes } from './exit-codes.ts';
import { isPackaged } from './packaged.ts';
import { imageKinds } from './settings.ts';

interface ClusterArguments {
  readonly action: string;
  readonly nodes: number;
  readonly port: number;
  readonly name: string;
  readonly images: string;
}

const flags = {
  nodes: { type: 'number', default: 5, describe: 'Number of nodes' },
  port: {
    type: 'number',
    default: 7001,
    describe: 'Port on 127.0.0.1 for clients of the first node; the others have the next ones',
  },
  name: { type: 'string', default: 'local', describe: 'By which it is found again' },
  images: {
    type: 'string',
    default: 'auto',
    choices: imageKinds,
    describe: 'How docker images are made',
  },
} satisfies Record<string, Options>;

export const clusterCommand: CommandModule<object, ClusterArguments> = {
  command: 'cluster <action>',
  describe: 'Start a cluster of the reference server in containers and leave it up, or remove it',
  builder: (yargs) =>
    yargs
      .positional('action', {
        type: 'string',
        choices: ['up', 'down'],
        demandOption: true,
        describe: 'up: start it, or what of it does not run; down: remove it, data included',
      })
      .options(flags)
      .requiresArg(Object.keys(flags))
      .example('$0 cluster up', 'Five nodes on the ports 7001 to 7005 of this machine')
      .strict() as never,
  handler: async (args) => {
    process.exitCode = await runCluster(args);
  },
};

/** Resolves to the exit code. */
async function runCluster(args: ClusterArguments): Promise<number> {
  const problem = findProblem(args);
  if (problem !== null) return complain(problem);
  const { DockerError } = await import('../cluster/docker-engine.ts');
  try {
    return await (args.action === 'up' ? up(args) : down(args));
  } catch (error) {
    if (!(error instanceof DockerError)) throw error;
    complain(error.message);
    if (error.code === 'interrupted') return exitCodes.interrupted;
    // What is missing or in the way is a person's business; the rest is a failure of ours.
    const theirs = ['no-engine', 'remote-engine', 'half-made', 'ports-in-use', 'wrong-state'];
    return theirs.includes(error.code) ? exitCodes.badArguments : exitCodes.crashed;
  }
}

function findProblem({ nodes, port, name }: ClusterArguments): string | null {
  if (isPackaged) return 'docker images are built from a checkout, which a package is not';
  if (!Number.isInteger(nodes) || nodes < 1 || nodes > 9) {
    return `--nodes takes a number from 1 to 9, not ${nodes}`;
  }
  if (!Number.isInteger(port) || port < 1 || port + nodes - 1 > 65_535) {
    return `--port takes the first of ${nodes} ports in a row, not ${port}`;
  }
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(name)) {
    return `--name takes letters, digits, _ . and -, not ${JSON.stringify(name)}`;
  }
  return null;
}

async function up({ nodes, port, name, images }: ClusterArguments): Promise<number> {
  const { bringUp } = await import('../cluster/standing-cluster.ts');
  const interruption = new AbortController();
  const interrupt = (): void => {
    if (interruption.signal.aborted) return;
    console.log('stopping, and removing what was made');
    interruption.abort();
  };
  // Not once: a library that listens too ends the process when it is the last who does.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, interrupt);
  try {
    const cluster = await bringUp({
      ...{ name, nodes: Array.from({ length: nodes }, (_, at) => `n${at + 1}`) },
      ...{ firstPort: port, signal: interruption.signal },
      images: imageKinds.find((kind) => kind === images) ?? 'auto',
      onProgress: (line) => console.log(line),
    });
    console.log(describeCluster(cluster, name));
    return exitCodes.valid;
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, interrupt);
  }
}

async function down({ name }: ClusterArguments): Promise<number> {
  const { takeDown } = await import('../cluster/standing-cluster.ts');
  const count = await takeDown(name);
  console.log(
    count === 0
      ? `there is no cluster ${name}: nothing to remove`
      : `removed the cluster ${name}: ${count} containers, networks and volumes`,
  );
  return exitCodes.valid;
}

const howItCame: Readonly<Record<StandingCluster['was'], string>> = {
  made: 'is up',
  restarted: 'was there, and is up again with its data',
  up: 'is up already',
};

function describeCluster({ was, nodes, leader }: StandingCluster, name: string): string {
  const ports = nodes.map(({ port }) => port);
  const led = nodes.find(({ node }) => node === leader);
  const last = ports.at(-1);
  const downName = name === flags.name.default ? '' : ` -- --name ${name}`;
  const tries = [
    [`redis-cli -c -p ${ports[0]} SET greeting hello`, '-c follows MOVED to the leader'],
    [`redis-cli -p ${last} GET greeting`, 'every node answers reads, linearizably'],
    [`redis-cli -p ${last} RAFT.INFO`, 'what a node says of itself'],
    [`docker kill ${led?.container}`, 'the leader: another one leads, within a second or two'],
    [`docker start ${led?.container}`, 'it comes back with its data, and follows'],
    [`npm run cluster:down${downName}`, 'removes it all, data included'],
  ] as const;
  const width = Math.max(...tries.map(([command]) => command.length));
  return [
    `the cluster ${name} ${howItCame[was]}; ${leader} leads`,
    ...nodes.map(({ node, container, port }) => `  ${node}  127.0.0.1:${port}  ${container}`),
    'try:',
    ...tries.map(([command, why]) => `  ${command.padEnd(width)}  # ${why}`),
  ].join('\n');
}

function complain(problem: string): number {
  console.error(`rafture: ${problem}`);
  return exitCodes.badArguments;
}
