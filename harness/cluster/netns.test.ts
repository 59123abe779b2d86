/**
 * The process cluster in network namespaces: as root and as an ordinary user, where the kernel lets
 * us, and what is said where it does not.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { afterEach, beforeAll, describe, expect, type TestContext, test } from 'vitest';
import { systemPath } from './netns-protocol.ts';
import { sweepWorkFolders, workFolderPrefix } from './work-folders.ts';

const scripts = join(import.meta.dirname, 'testdata');
const isRoot = process.geteuid?.() === 0;

/** A kind of user: what runs something as it (null: we cannot), and what it asks the kernel for. */
interface User {
  readonly name: string;
  readonly way: readonly string[] | null;
  readonly flags: string;
}

const users: readonly User[] = [
  { name: 'root', way: isRoot ? [] : null, flags: '-nm' },
  {
    name: 'an ordinary user',
    way: isRoot ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--'] : [],
    flags: '-Urnm',
  },
];

/** What a machine must let a user do; asked in other words than the harness's own. */
const trial = 'ip link add one type veth peer name two && nft add table bridge trial';

/** Why this kind of user has no namespaces here; null when it has: all else is a failure then. */
async function whyNot({ way, flags }: User): Promise<string | null> {
  if (way === null) return 'the tests do not run as root';
  const tryTo = (...words: readonly string[]) => {
    const [program = '', ...args] = [...way, ...words];
    return execa(program, args, { reject: false, env: { PATH: systemPath } });
  };
  const read = await tryTo('cat', join(scripts, 'cut-in-namespaces.ts'));
  if (read.exitCode !== 0) return `it cannot read the sources: ${read.stderr}`;
  const tried = await tryTo('unshare', flags, 'sh', '-c', trial);
  return tried.exitCode === 0 ? null : `the kernel refuses namespaces: ${tried.stderr}`;
}

function commandOf({ way }: User, script: string, ...more: readonly string[]): readonly string[] {
  return [...(way ?? []), process.execPath, join(scripts, script), ...more];
}

describe.each(users)('$name', { timeout: 60_000 }, (user) => {
  const children: ChildProcess[] = [];
  let reason: string | null = null;

  beforeAll(async () => {
    reason = await whyNot(user);
    if (reason !== null) process.stderr.write(`tests as ${user.name} are skipped: ${reason}\n`);
  }, 60_000);

  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });

  test('has partitions of packets in a network of its own', async ({ skip }) => {
    if (reason !== null) skip(reason);
    const [program = '', ...args] = commandOf(user, 'cut-in-namespaces.ts');
    const { stdout } = await execa(program, args);
    const all = ['n1>n2', 'n1>n3', 'n2>n1', 'n2>n3', 'n3>n1', 'n3>n2'];
    const told: Readonly<Record<string, unknown>> = Object(JSON.parse(stdout));
    expect(told).toMatchObject({
      before: all,
      meanwhile: ['n2>n3', 'n3>n2'],
      after: all,
      rules: 4,
    });
    expect(told['dropped']).toBeGreaterThan(0);
    expect(told['user'] === 0).toBe(user.name === 'root');
    expect(told['description']).toMatch(
      user.name === 'root' ? /^3 processes in network namespaces, / : / of an ordinary user, /,
    );
  });

  test('leaves no process and no namespace when its harness is killed', async ({ skip }) => {
    if (reason !== null) skip(reason);
    const [program = '', ...args] = commandOf(user, 'hold-faults.ts', 'namespaces');
    const harness = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(harness);
    for await (const line of createInterface({ input: harness.stdout })) {
      if (line === 'holding') break;
    }
    const below = descendants(harness.pid ?? 0);
    const networks = new Set(
      below.map(networkOf).filter((each) => each !== networkOf(process.pid)),
    );
    // A bridge's, the clients', and one of each of four nodes; not all have a process in them.
    expect(networks.size).toBeGreaterThanOrEqual(5);
    expect(foldersOf(harness.pid ?? 0)).toHaveLength(1);
    harness.kill('SIGKILL');
    await expect
      .poll(() => below.filter((pid) => networkOf(pid) !== null), { timeout: 10_000 })
      .toEqual([]);
    const everybody = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    expect(everybody.map(Number).filter((pid) => networks.has(networkOf(pid)))).toEqual([]);
    await sweepWorkFolders();
    expect(foldersOf(harness.pid ?? 0)).toEqual([]);
  });
});

describe('where namespaces cannot be had', { timeout: 60_000 }, () => {
  /** What is told once this was taken away; `entrance` runs what comes after it with less. */
  async function probeAfter({ skip }: TestContext, loss: string, entrance = '') {
    const run = (last: string) =>
      execa('unshare', ['-Urm', 'sh', '-c', `${loss} && exec ${entrance} ${last}`], {
        reject: false,
      });
    const lost = await run('true');
    if (lost.exitCode !== 0) {
      process.stderr.write(`skipped, nothing can be taken away here: ${lost.stderr}\n`);
      skip(lost.stderr);
    }
    const script = join(scripts, 'probe-process-network.ts');
    const { stdout, stderr } = await run(`'${process.execPath}' '${script}'`);
    expect(stderr).toBe('');
    return Object(JSON.parse(stdout)) as Readonly<Record<string, unknown>>;
  }

  test('for want of a program, its package is named, and the proxies serve', async (context) => {
    const told = await probeAfter(context, 'mount -t tmpfs nothing /usr/sbin');
    expect(told).toMatchObject({
      namespaces: {
        available: false,
        why: expect.stringContaining('there is no nft'),
        remedy: expect.stringContaining('nftables'),
      },
      kind: 'proxies',
      reason: expect.stringContaining('there is no nft'),
      refusal: expect.stringContaining('nftables'),
    });
  });

  test('for want of permission, it is said whose it is, and the proxies serve', async (context) => {
    const forbid = 'echo 0 >/proc/sys/user/max_user_namespaces';
    const withoutRights = 'setpriv --bounding-set=-all --inh-caps=-all';
    const told = await probeAfter(context, forbid, withoutRights);
    expect(told).toMatchObject({
      namespaces: {
        available: false,
        why: expect.stringMatching(/^user\.max_user_namespaces is 0: .*unshare/),
        remedy: expect.stringContaining('sysctl user.max_user_namespaces'),
      },
      kind: 'proxies',
      reason: expect.stringContaining('user.max_user_namespaces is 0'),
    });
  });
});

/** Every process that comes from this one, by the ids of parents. */
function descendants(root: number): readonly number[] {
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => [Number(name), parentOf(Number(name))] as const);
  const found = [root];
  for (const pid of found) {
    for (const [child, parent] of parents) if (parent === pid) found.push(child);
  }
  return found.slice(1);
}

function parentOf(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return null;
  }
}

/** null when the process is gone; a zombie has none either. */
function networkOf(pid: number): string | null {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return null;
  }
}

function foldersOf(owner: number): readonly string[] {
  return readdirSync(tmpdir())
    .filter((name) => name.startsWith(workFolderPrefix))
    .filter((name) => {
      try {
        return readFileSync(join(tmpdir(), name, 'owner.pid'), 'utf8') === String(owner);
      } catch {
        return false;
      }
    });
}
