/**
 * Makes a private network: a bridge in a namespace, and one more for each node, tied to it.
 *
 * Runs inside of namespaces that only it and its children are in: nothing of it is seen outside,
 * and all of it goes with the last process in it. Its folder of names is its own, too.
 */
import { mkdirSync } from 'node:fs';
import { execa } from 'execa';
import {
  bridgeAddress,
  clientsAddress,
  harnessAddress,
  type NetnsNode,
  namespaceFolder,
  switchNamespace,
  systemPath,
} from './netns-protocol.ts';

/** Rejects with what the machine refuses. */
export async function buildNetwork(nodes: readonly NetnsNode[]): Promise<void> {
  await run('mount', ['-t', 'tmpfs', '-o', 'mode=755', 'rafture', '/run']);
  mkdirSync(namespaceFolder, { recursive: true });
  await ip([], describeOutside(nodes));
  await Promise.all([
    ip(['-n', switchNamespace], describeSwitch(nodes)),
    ...nodes.map((node) => ip(['-n', node.namespace], describeInside(node))),
  ]);
}

/** In the namespace of the clients. The road to each node past the bridge is the harness's. */
function describeOutside(nodes: readonly NetnsNode[]): readonly string[] {
  return [
    `netns add ${switchNamespace}`,
    'link set lo up',
    `link add eth0 type veth peer name b-clients netns ${switchNamespace}`,
    `address add ${clientsAddress}/24 dev eth0`,
    'link set eth0 up',
    ...nodes.flatMap(({ namespace: own, uncutAddress }) => [
      `netns add ${own}`,
      `link add b-${own} netns ${switchNamespace} type veth peer name eth0 netns ${own}`,
      `link add u-${own} type veth peer name eth1 netns ${own}`,
      `address add ${harnessAddress} peer ${uncutAddress} dev u-${own}`,
      `link set u-${own} up`,
    ]),
  ];
}

function describeSwitch(nodes: readonly NetnsNode[]): readonly string[] {
  const ends = ['b-clients', ...nodes.map(({ namespace }) => `b-${namespace}`)];
  return [
    'link add bridge0 type bridge',
    `address add ${bridgeAddress}/24 dev bridge0`,
    'link set bridge0 up',
    ...ends.map((end) => `link set ${end} master bridge0 up`),
  ];
}

function describeInside({ address, uncutAddress }: NetnsNode): readonly string[] {
  return [
    'link set lo up',
    `address add ${address}/24 dev eth0`,
    'link set eth0 up',
    `address add ${uncutAddress} peer ${harnessAddress} dev eth1`,
    'link set eth1 up',
  ];
}

function ip(where: readonly string[], lines: readonly string[]): Promise<void> {
  return run('ip', [...where, '-batch', '-'], `${lines.join('\n')}\n`);
}

async function run(program: string, args: readonly string[], input = ''): Promise<void> {
  await execa(program, [...args], { input, env: { PATH: systemPath } });
}
