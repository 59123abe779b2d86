/**
 * The text of the fault agent's rules: what nft is told, once and at each change.
 *
 * Pure. Both tables belong to the socket that made them (`flags owner`), so the kernel removes
 * them, and with them every fault, when the agent ends. What a container sends enters the bridge
 * by its prerouting hook, what the engine's machine sends to one (clients, and the link proxy)
 * leaves by its output hook: there packets are lost. Connections are reset, and led to the link
 * proxy, by the hooks of IP, which bridged packets pass where br_netfilter is on. What meets a rule
 * is counted for its link and type, by a counter that stays when the rule goes.
 */
import { clientsEnd, type Link, type LinkMode, type LinkRule } from '../cluster.ts';
import { isProxied, proxyUser } from './docker-link-protocol.ts';

/** What the rules of a cluster have in common. Ends of rules are addresses here, or the clients. */
export interface LinkPlan {
  readonly table: string;
  /** The address of each node. */
  readonly nodes: readonly string[];
  readonly clientPort: number;
  readonly peerPort: number;
  /** The engine's own address in the cluster's network: the link proxy's. */
  readonly gateway: string;
  /** Its port for each opening, by describeOpening; empty without a link proxy. */
  readonly doors: ReadonlyMap<string, number>;
  /** Whether there is a table for the hooks of IP. */
  readonly hasIpTable: boolean;
}

/** A random number below this is compared with: percents have four digits behind the point. */
export const lossScale = 1_000_000;

/** A connection that `from` opens to `to`. */
export type Opening = Link;

export function describeOpening({ from, to }: Opening): string {
  return `${from} ${to}`;
}

/**
 * A bare acknowledgement is as long as its headers. (One rule for each length of the TCP header:
 * nft 1.0.6 can not list a set of such pairs.) What opens a connection from the other side is
 * let through as well, a reset and data are not.
 */
function acknowledgements(place: string): readonly string[] {
  return Array.from({ length: 11 }, (_, options) => {
    const words = 5 + options;
    return `add rule ${place} acks ip length ${20 + 4 * words} tcp doff ${words} accept`;
  });
}

const onlyAcknowledges = 'tcp flags & (fin|rst|ack) == ack';

/** Where what a rule of the mode lets pass is accepted. */
export const waysPast = { oneway: 'jump oneway', reset: 'ip protocol tcp jump resets' } as const;

/** The table of the bridge: without it there are no faults of the network. */
export function describeBridgeSetup(table: string): string {
  const place = `bridge ${table}`;
  return transaction([
    `add table ${place} { flags owner; }`,
    `add chain ${place} acks`,
    ...acknowledgements(place),
    `add chain ${place} oneway`,
    `add rule ${place} oneway ${onlyAcknowledges} jump acks`,
    `add chain ${place} links`,
    // Before br_netfilter, at 0, has led a packet elsewhere: these are the addresses of its sender.
    `add chain ${place} enter { type filter hook prerouting priority -250; }`,
    `add rule ${place} enter jump links`,
    `add chain ${place} leave { type filter hook output priority -250; }`,
    `add rule ${place} leave jump links`,
  ]);
}

/**
 * The table of IP. `resets`: what would break by data that does not come is broken at once, by a
 * reset to its sender. `anew`: a connection from before the link proxy was put in its way.
 */
export function describeIpSetup(table: string): string {
  const place = `ip ${table}`;
  return transaction([
    `add table ${place} { flags owner; }`,
    `add chain ${place} acks`,
    ...acknowledgements(place),
    `add chain ${place} resets`,
    `add rule ${place} resets ${onlyAcknowledges} jump acks`,
    `add rule ${place} resets tcp flags & rst == rst accept`,
    `add chain ${place} refuse`,
    `add rule ${place} refuse reject with tcp reset`,
    `add chain ${place} anew`,
    `add rule ${place} anew tcp flags & rst == rst accept`,
    `add rule ${place} anew reject with tcp reset`,
    `add chain ${place} links`,
    `add chain ${place} through { type filter hook forward priority -10; }`,
    `add rule ${place} through jump links`,
    `add chain ${place} enter { type filter hook input priority -10; }`,
    `add rule ${place} enter jump links`,
    `add chain ${place} leave { type filter hook output priority -10; }`,
    // The link proxy's own connections are known by this mark in both directions.
    `add rule ${place} leave meta skuid ${proxyUser} ct mark set ${proxyUser}`,
    `add rule ${place} leave jump links`,
    `add chain ${place} peers { type nat hook prerouting priority -110; }`,
    `add chain ${place} clients { type nat hook output priority -110; }`,
  ]);
}

/** From now on exactly these rules are in force: one line, which is one transaction. */
export function describeRules(plan: LinkPlan, rules: readonly LinkRule[]): string {
  const place = `bridge ${plan.table}`;
  const groups = bridgeGroups(rules);
  const links = groups.flatMap(({ rules: its, condition, wayPast }) => [
    ...(wayPast === null ? [] : matches(plan, its).map((match) => `${match} ${wayPast}`)),
    ...counted(plan, its, condition).map((match) => `${match} drop`),
  ]);
  return transaction([
    ...groups.flatMap((group) => counters(place, group.rules)),
    `flush chain ${place} links`,
    ...links.map((rule) => `add rule ${place} links ${rule}`),
    ...(plan.hasIpTable ? describeIpRules(plan, rules) : []),
  ]);
}

/** Rules of one mode. */
interface BridgeGroup {
  readonly rules: readonly LinkRule[];
  /** What a packet must be to be dropped. */
  readonly condition: string;
  /** Where packets are accepted that are not; null: nowhere. */
  readonly wayPast: string | null;
}

/** Ordered: `oneway` lets acknowledgements go for good, so that whatever loses more is before. */
function bridgeGroups(rules: readonly LinkRule[]): readonly BridgeGroup[] {
  const losses = new Map<string, LinkRule[]>();
  for (const rule of rules) {
    if (rule.mode.type !== 'loss') continue;
    const condition = `${lossCondition(rule.mode.percent)} `;
    losses.set(condition, [...(losses.get(condition) ?? []), rule]);
  }
  const ofType = (type: LinkMode['type']) => rules.filter(({ mode }) => mode.type === type);
  return [
    { rules: ofType('drop'), condition: '', wayPast: null },
    ...[...losses].map(([condition, its]) => ({ rules: its, condition, wayPast: null })),
    { rules: ofType('oneway'), condition: '', wayPast: waysPast.oneway },
  ];
}

function lossCondition(percent: number): string {
  const below = Math.round((percent / 100) * lossScale);
  if (below > 0 && below < lossScale) return `numgen random mod ${lossScale} < ${below}`;
  throw new RangeError(`a loss is more than nothing and less than all: ${percent} %`);
}

function describeIpRules(plan: LinkPlan, rules: readonly LinkRule[]): readonly string[] {
  const place = `ip ${plan.table}`;
  const resets = rules.filter(({ mode }) => mode.type === 'reset');
  const openings = proxiedOpenings(rules);
  // What clients open alone has no opening in the other direction.
  const answers = openings.flatMap(({ from, to }) =>
    from === clientsEnd ? [{ from: to, to: from }] : [],
  );
  const anew = matches(plan, [...openings, ...answers], plan.peerPort);
  const links = [
    ...matches(plan, resets).map((match) => `${match} ${waysPast.reset}`),
    ...counted(plan, resets, 'ip protocol tcp ').map((match) => `${match} jump refuse`),
    ...anew.map((match) => `${match} ct mark != ${proxyUser} jump anew`),
  ];
  return [
    ...counters(place, resets),
    ...['links', 'peers', 'clients'].map((chain) => `flush chain ${place} ${chain}`),
    ...links.map((rule) => `add rule ${place} links ${rule}`),
    ...openings.map((opening) => describeLead(plan, opening)),
  ];
}

/** The name of what counts the packets that meet a rule. */
export function counterOf({ from, to, mode }: LinkRule): string {
  return `${mode.type}_${from}_${to}`;
}

/** One that is there already stays as it is. */
function counters(place: string, rules: readonly LinkRule[]): readonly string[] {
  return rules.map((rule) => `add counter ${place} ${counterOf(rule)}`);
}

/**
 * Who opens connections that must pass through the link proxy: those that carry what a rule is
 * about, in the one direction or the other. Clients open, and are never opened to.
 */
export function proxiedOpenings(rules: readonly LinkRule[]): readonly Opening[] {
  const openings = new Map<string, Opening>();
  for (const { from, to } of rules.filter(({ mode }) => isProxied(mode))) {
    for (const opening of [
      { from, to },
      { from: to, to: from },
    ]) {
      if (opening.to !== clientsEnd) openings.set(describeOpening(opening), opening);
    }
  }
  return [...openings.values()];
}

function describeLead(plan: LinkPlan, opening: Opening): string {
  const { from, to } = opening;
  const door = plan.doors.get(describeOpening(opening));
  if (door === undefined) throw new RangeError(`the link proxy has no door for ${from} > ${to}`);
  if (from === clientsEnd) {
    return (
      `add rule ip ${plan.table} clients ip daddr ${to} tcp dport ${plan.clientPort} ` +
      `meta skuid != ${proxyUser} dnat to ${plan.gateway}:${door}`
    );
  }
  return (
    `add rule ip ${plan.table} peers ip saddr ${from} ip daddr ${to} ` +
    `tcp dport ${plan.peerPort} dnat to ${plan.gateway}:${door}`
  );
}

/** Matches for what goes between nodes, to nodes from clients, and to clients from nodes. */
function matches(plan: LinkPlan, links: readonly Opening[], peerPort?: number): readonly string[] {
  const pairs = links.filter(({ from, to }) => from !== clientsEnd && to !== clientsEnd);
  const pair = `ip saddr . ip daddr ${setOf(pairs.map(({ from, to }) => `${from} . ${to}`))}`;
  const ports =
    peerPort === undefined ? [''] : [` tcp dport ${peerPort}`, ` tcp sport ${peerPort}`];
  const nodes = setOf(plan.nodes);
  const to = links.filter(({ from }) => from === clientsEnd).map((link) => link.to);
  const from = links.filter((link) => link.to === clientsEnd).map((link) => link.from);
  return [
    ...(pairs.length === 0 ? [] : ports.map((port) => `${pair}${port}`)),
    ...(to.length === 0
      ? []
      : [`ip saddr != ${nodes} ip daddr ${setOf(to)} tcp dport ${plan.clientPort}`]),
    ...(from.length === 0
      ? []
      : [`ip saddr ${setOf(from)} ip daddr != ${nodes} tcp sport ${plan.clientPort}`]),
  ];
}

/** As `matches`; each packet that is `condition` is counted for its own link. */
function counted(plan: LinkPlan, rules: readonly LinkRule[], condition: string): readonly string[] {
  const inward = rules.filter(({ from }) => from === clientsEnd);
  const outward = rules.filter(({ to }) => to === clientsEnd);
  const pairs = rules.filter((rule) => !inward.includes(rule) && !outward.includes(rule));
  const nodes = setOf(plan.nodes);
  const count = (scope: string, key: string, elements: readonly string[]): readonly string[] =>
    elements.length === 0 ? [] : [`${scope}${condition}counter name ${key} map ${setOf(elements)}`];
  const element = (key: string, rule: LinkRule): string => `${key} : "${counterOf(rule)}"`;
  return [
    ...count(
      '',
      'ip saddr . ip daddr',
      pairs.map((rule) => element(`${rule.from} . ${rule.to}`, rule)),
    ),
    ...count(
      `ip saddr != ${nodes} tcp dport ${plan.clientPort} `,
      'ip daddr',
      inward.map((rule) => element(rule.to, rule)),
    ),
    ...count(
      `ip daddr != ${nodes} tcp sport ${plan.clientPort} `,
      'ip saddr',
      outward.map((rule) => element(rule.from, rule)),
    ),
  ];
}

function setOf(elements: readonly string[]): string {
  return `{ ${elements.join(', ')} }`;
}

function transaction(commands: readonly string[]): string {
  return commands.join('; ');
}
