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
import { sweepWorkFolders, workFolderPrefix } from './work-folders.ts';

const scripts = join(import.meta.dirname, 'testdata');
const isRoot = process.geteuid?.() === 0;

/** How to run something as each kind of user that we can be. */
const users = {
  root: isRoot ? [] : null,
  'an ordinary user': isRoot
    ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--']
    : [],
} as const;

type Command = readonly [string, ...string[]];

/** Runs a script of testdata/; null for a kind of user that we cannot be. */
function commandOf(user: string, script: string, ...more: readonly string[]): Command | null {
  const way = Object.entries(users).find(([each]) => each === user)?.[1] ?? null;
  if (way === null) return null;
  const [program, ...args] = [...way, process.execPath, join(scripts, script), ...more];
  return program === undefined ? null : [program, ...args];
}

/** Why this kind of user has no namespaces here; null when it has, and all else is a failure. */
async function whyNot(user: string): Promise<string | null> {
  const [program, ...args] = commandOf(user, 'probe-process-network.ts') ?? [];
  if (program === undefined) return 'the tests do not run as root';
  const tried = await execa(program, args, { reject: false });
  if (tried.exitCode !== 0) return `${user} cannot run the harness: ${tried.stderr.slice(-300)}`;
  const told: Readonly<Record<string, unknown>> = Object(JSON.parse(tried.stdout));
  return told['kind'] === 'namespaces' ? null : `${user} gets none: ${String(told['reason'])}`;
}

describe.each(Object.keys(users))('%s', { timeout: 60_000 }, (user) => {
  const children: ChildProcess[] = [];
  let reason: string | null = null;

  beforeAll(async () => {
    reason = await whyNot(user);
  }, 60_000);

  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });

  test('has partitions of packets in a network of its own', async ({ skip }) => {
    if (reason !== null) skip(reason);
    const [program = '', ...args] = commandOf(user, 'cut-in-namespaces.ts') ?? [];
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
    expect(told['user'] === 0).toBe(user === 'root');
    expect(told['description']).toMatch(
      user === 'root' ? /^3 processes in network namespaces, / : / of an ordinary user, /,
    );
  });

  test('leaves no process and no namespace when its harness is killed', async ({ skip }) => {
    if (reason !== null) skip(reason);
    const [program = '', ...args] = commandOf(user, 'hold-faults.ts', 'namespaces') ?? [];
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
  const probe = [process.execPath, join(scripts, 'probe-process-network.ts')];
  const quoted = probe.map((word) => `'${word}'`).join(' ');

  async function probeAfter(loss: string, { skip }: TestContext) {
    const tried = await execa('unshare', ['-Urm', 'sh', '-c', `${loss} && exec ${quoted}`], {
      reject: false,
    });
    if (tried.exitCode !== 0) skip(`nothing can be taken away here: ${tried.stderr.slice(-300)}`);
    return Object(JSON.parse(tried.stdout)) as Readonly<Record<string, unknown>>;
  }

  test('for want of a program, its package is named, and the proxies serve', async (context) => {
    const told = await probeAfter('mount -t tmpfs nothing /usr/sbin', context);
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
    const drop = 'exec setpriv --bounding-set=-all --inh-caps=-all';
    const told = await probeAfter(`${forbid} && ${drop} ${quoted}; true`, context);
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
