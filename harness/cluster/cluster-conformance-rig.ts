/**
 * What the conformance suite asks of its servers (testdata/ping), and what it expects of links.
 *
 * Nothing here waits for a time to pass: it waits until other links have carried so much.
 */
import { expect } from 'vitest';
import { RespConnection, type RespReply } from '../clients/resp-connection.ts';
import type { Ability, Cluster, Link, LinkMode, LinkRule } from '../cluster.ts';
import { describeRule } from '../nemesis/desired-network.ts';

export const nodes: readonly string[] = ['n1', 'n2', 'n3'];
export const spare = 'n4';

/** Nothing in the suite takes so long. */
const limitMs = 20_000;

/** What a test is given: the cluster exists when it runs, not when it is registered. */
export type GetCluster = () => Cluster;

/** `n1>n2`. */
export function link(words: string): Link {
  const [from = '', to = ''] = words.split('>');
  return { from, to };
}

export function rule(words: string, mode: LinkMode): LinkRule {
  return { ...link(words), mode };
}

/** Both directions. */
export function between(a: string, b: string, mode: LinkMode): readonly LinkRule[] {
  return [rule(`${a}>${b}`, mode), rule(`${b}>${a}`, mode)];
}

export function allLinks(): readonly Link[] {
  return nodes.flatMap((from) => nodes.filter((to) => to !== from).map((to) => ({ from, to })));
}

function describeLink({ from, to }: Link): string {
  return `${from}>${to}`;
}

export type PingReply = RespReply | { readonly type: 'lost'; readonly reason: string };

/** One command on a connection of its own. Rejects when nobody listens. */
export async function ask(
  cluster: Cluster,
  node: string,
  command: readonly string[],
  patienceMs: number = limitMs,
): Promise<PingReply> {
  const late = Promise.withResolvers<PingReply>();
  let connection: RespConnection | null = null;
  const timer = setTimeout(() => {
    late.resolve({ type: 'lost', reason: 'no answer' });
    connection?.close();
  }, patienceMs);
  const answered = cluster.connect(node).then((stream) => {
    connection = new RespConnection(stream);
    return new Promise<PingReply>((resolve) => connection?.call(command, resolve));
  });
  try {
    return await Promise.race([answered, late.promise]);
  } finally {
    clearTimeout(timer);
    // Where it was not even connected, it closes what it gets once it gets it.
    answered.then(
      () => connection?.close(),
      () => {},
    );
  }
}

/** The integer that it answers; rejects when it answers anything else. */
export async function askNumber(
  cluster: Cluster,
  node: string,
  command: readonly string[],
): Promise<number> {
  const reply = await ask(cluster, node, command);
  if (reply.type === 'integer') return reply.value;
  throw new Error(`${node} answers ${command.join(' ')} with ${JSON.stringify(reply)}`);
}

/** The text that it answers; null when there is none; rejects when it answers anything else. */
export async function askText(
  cluster: Cluster,
  node: string,
  command: readonly string[],
): Promise<string | null> {
  const reply = await ask(cluster, node, command);
  if (reply.type === 'bulk' || reply.type === 'simple') return reply.value;
  throw new Error(`${node} answers ${command.join(' ')} with ${JSON.stringify(reply)}`);
}

/** How many messages the node at the end of the link has had from its beginning. */
export function heard(cluster: Cluster, { from, to }: Link): Promise<number> {
  return askNumber(cluster, to, ['HEARD', from]);
}

/** Milliseconds from the beginning of a link to its end and back, with so many bytes on the way. */
export async function trip(cluster: Cluster, words: string, bytes: number = 1): Promise<number> {
  const { from, to } = link(words);
  const endMs = performance.now() + limitMs;
  for (;;) {
    const reply = await ask(cluster, from, ['TRIP', to, String(bytes)]);
    if (reply.type === 'integer') return reply.value / 1000;
    // Its connection ended, perhaps long ago: the next one is new.
    if (performance.now() > endMs) throw new Error(`no trip ${words}: ${JSON.stringify(reply)}`);
  }
}

/** The shortest of a few: what no chance makes longer. */
export async function shortestTrip(cluster: Cluster, words: string): Promise<number> {
  const trips: number[] = [];
  for (let at = 0; at < 5; at++) trips.push(await trip(cluster, words));
  return Math.min(...trips);
}

/** Waits until on each of the links `count` more messages have arrived than at first. */
export async function untilHeard(
  cluster: Cluster,
  links: readonly Link[],
  count: number,
): Promise<void> {
  const deadline = performance.now() + limitMs;
  const before = await Promise.all(links.map((each) => heard(cluster, each)));
  for (;;) {
    const now = await Promise.all(links.map((each) => heard(cluster, each)));
    const silent = links.filter((_, index) => (now[index] ?? 0) < (before[index] ?? 0) + count);
    if (silent.length === 0) return;
    if (performance.now() > deadline) {
      throw new Error(`nothing is heard on ${silent.map(describeLink).join(', ')}`);
    }
  }
}

export interface SilenceOptions {
  /** Links of which nothing is expected, either way. */
  readonly indifferent?: readonly Link[];
  /** Nodes that cannot be asked. */
  readonly deaf?: readonly string[];
}

/** These links carry nothing while every other link carries on. */
export async function expectSilent(
  cluster: Cluster,
  silent: readonly Link[],
  { indifferent = [], deaf = [] }: SilenceOptions = {},
): Promise<void> {
  const names = new Set([...silent, ...indifferent].map(describeLink));
  const others = allLinks().filter(
    (each) => !names.has(describeLink(each)) && !deaf.includes(each.to),
  );
  // What was on its way when the cut came may still arrive, ahead of these.
  await untilHeard(cluster, others, 5);
  const before = await Promise.all(silent.map((each) => heard(cluster, each)));
  await untilHeard(cluster, others, 30);
  const after = await Promise.all(silent.map((each) => heard(cluster, each)));
  expect(after).toEqual(before);
}

/** Puts the rules in force, sees them read back, tries the body, and sees them gone again. */
export async function withRules(
  cluster: Cluster,
  rules: readonly LinkRule[],
  body: () => Promise<void>,
): Promise<void> {
  await cluster.network.set(rules);
  try {
    await expectRules(cluster, rules);
    await body();
  } finally {
    await cluster.network.set([]);
  }
  await expectRules(cluster, []);
  await untilHeard(cluster, allLinks(), 3);
}

export async function expectRules(cluster: Cluster, rules: readonly LinkRule[]): Promise<void> {
  const reading = await cluster.network.read();
  expect(reading.rules.map(describeRule).sort()).toEqual(rules.map(describeRule).sort());
}

/** How many rules of this type have met something, over the whole run. */
export async function metBy(cluster: Cluster, type: LinkMode['type']): Promise<number> {
  return (await cluster.network.read()).met[type] ?? 0;
}

/** The same for one link. */
export async function metOn(
  cluster: Cluster,
  { from, to }: Link,
  type: LinkMode['type'],
): Promise<number> {
  const { metOnLinks } = await cluster.network.read();
  const met = metOnLinks.find((each) => each.from === from && each.to === to && each.type === type);
  return met?.count ?? 0;
}

/**
 * Where the cluster has the ability, its effect is seen; where it says that it has not, whoever
 * asks for it is refused with the reason that it gives.
 */
export async function tryAbility(
  cluster: Cluster,
  ability: Ability,
  { effect, request }: { effect(): Promise<void>; request(): Promise<unknown> },
): Promise<void> {
  const capability = cluster.capabilities()[ability];
  if (capability.available) {
    expect(capability.how).not.toBe('');
    await effect();
    return;
  }
  expect(capability.remedy).not.toBe('');
  await expect(request()).rejects.toThrow(capability.why);
}
