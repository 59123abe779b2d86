/**
 * What nft's listing of the fault agent's tables says, as rules of links.
 *
 * Pure, and strict: a rule that describeRules would not have written is an error, because then what
 * is in force is not what anybody asked for. Nothing is remembered, all is read.
 */
import { clientsEnd, type LinkMet, type LinkMode, type LinkRule } from '../cluster.ts';
import { counterOf, type LinkPlan, lossScale, type Opening, waysPast } from './docker-nft.ts';

type Ports = Pick<LinkPlan, 'clientPort'>;

export interface TablesReading {
  /** Those that nft keeps by itself. */
  readonly rules: readonly LinkRule[];
  /** What is led to the link proxy. */
  readonly led: readonly Opening[];
  /** Packets since the tables were made. */
  readonly met: readonly LinkMet[];
}

/** The listing of a table at the end of the text; null when there is none, or no end of it, yet. */
export function findListing(text: string, table: string): string | null {
  const start = text.lastIndexOf(`table ${table} {`);
  if (start < 0) return null;
  const end = text.indexOf('\n}\n', start);
  return end < 0 ? null : text.slice(start, end + 3);
}

/** Throws when a listing has what was never put there, or lacks what was. */
export function parseTables(plan: Ports, bridge: string, ip: string | null): TablesReading {
  const listed = ip ?? '';
  const chains = [bridge, ...(ip === null ? [] : [listed])].map((each) => linesOf(each, 'links'));
  return {
    rules: chains.flatMap((lines) => parseLinks(plan, lines)),
    led:
      ip === null
        ? []
        : [...linesOf(listed, 'peers'), ...linesOf(listed, 'clients')].map(parseLead),
    met: parseCounters(`${bridge}${listed}`),
  };
}

/** The rules of a chain. */
function linesOf(listing: string, chain: string): readonly string[] {
  const body = new RegExp(`\\n\\tchain ${chain} \\{\\n([\\s\\S]*?)\\t\\}\\n`).exec(listing)?.[1];
  if (body === undefined) throw new Error(`nft lists no chain ${chain}: ${listing}`);
  return body
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('type '));
}

const address = String.raw`\d+\.\d+\.\d+\.\d+`;
/** A set, which nft writes without its braces when it has one element. */
const some = String.raw`(\{[^}]*\}|${address})`;
const nodePairs = /^ip saddr \. ip daddr \{([^}]*)\} (.*)$/;
const toNodes = new RegExp(`^ip saddr != ${some} ip daddr ${some} tcp dport (\\d+) (.*)$`);
const fromNodes = new RegExp(`^ip saddr ${some} ip daddr != ${some} tcp sport (\\d+) (.*)$`);

// Where no file says which protocol has which number, nft lists the number.
const ofTcp = /^ip protocol (tcp|6) /;
const anew = /^(tcp [ds]port \d+ )?ct mark != \S+ jump anew$/;

/** Of a chain; each way past a rule must be there with its rule, and the rule with its way. */
function parseLinks(plan: Ports, lines: readonly string[]): readonly LinkRule[] {
  const rules = lines.flatMap((line) => parseCounted(plan, line) ?? []);
  const needed = rules.filter(({ mode }) => mode.type in waysPast).map(counterOf);
  const others = lines.filter((line) => parseCounted(plan, line) === null);
  const ways = others.flatMap((line) => parseWay(plan, line)).map(counterOf);
  const odd = [...needed, ...ways].find((name) => !needed.includes(name) || !ways.includes(name));
  if (odd !== undefined) throw new Error(`nft lists a rule that is not whole: ${odd}`);
  return rules;
}

const countedLine = new RegExp(
  `^(?:ip (?<outside>[sd])addr != ${some} tcp (?<side>[sd])port (?<port>\\d+) )?` +
    '(?<tcp>ip protocol (?:tcp|6) )?(?:numgen random mod (?<scale>\\d+) < (?<below>\\d+) )?' +
    'counter name (?<key>ip [^{]*) map \\{(?<elements>[^}]*)\\} (?<verdict>drop|jump refuse)$',
);
const element = new RegExp(`^(${address})(?: \\. (${address}))? : "([^"]+)"$`);

/** The rules of a line that counts what meets them; null when it is none. */
function parseCounted(plan: Ports, line: string): readonly LinkRule[] | null {
  if (!line.includes('counter name')) return null;
  const found = countedLine.exec(line)?.groups;
  if (found === undefined) throw strange(line);
  const { outside, side, port, tcp, scale, below, key, verdict, elements = '' } = found;
  const expectedKey = { s: 'ip daddr', d: 'ip saddr' }[outside ?? ''] ?? 'ip saddr . ip daddr';
  const isOfClients = port !== undefined;
  if (isOfClients && (Number(port) !== plan.clientPort || side === outside)) throw strange(line);
  if (key !== expectedKey || (scale !== undefined && Number(scale) !== lossScale)) {
    throw strange(line);
  }
  return elements.split(',').map((text) => {
    const [, first = '', second, name = ''] = element.exec(text.trim()) ?? [];
    const type = name.slice(0, name.indexOf('_'));
    const mode = modeOf(type, below);
    const isReset = tcp !== undefined && verdict === 'jump refuse';
    const isDrop = tcp === undefined && verdict === 'drop';
    const isWhole = type === 'reset' ? isReset : isDrop;
    const link =
      outside === 's'
        ? { from: clientsEnd, to: first }
        : { from: first, to: outside === 'd' ? clientsEnd : (second ?? '') };
    if (mode === null || !isWhole || counterOf({ ...link, mode }) !== name) throw strange(line);
    return { ...link, mode };
  });
}

function modeOf(type: string, below: string | undefined): LinkMode | null {
  if (type === 'loss' && below !== undefined) {
    return { type, percent: Number(below) / (lossScale / 100) };
  }
  const isPlain = type === 'drop' || type === 'oneway' || type === 'reset';
  return isPlain && below === undefined ? { type } : null;
}

/** The rules that a line is the way past of; none for what only makes connections begin anew. */
function parseWay(plan: Ports, line: string): readonly LinkRule[] {
  const pairs = nodePairs.exec(line);
  if (pairs !== null) {
    const mode = parsePast(pairs[2] ?? '');
    const found = [...(pairs[1] ?? '').matchAll(new RegExp(`(${address}) \\. (${address})`, 'g'))];
    return found.flatMap(([, from = '', to = '']) => (mode === null ? [] : [{ from, to, mode }]));
  }
  const inward = toNodes.exec(line);
  const outward = fromNodes.exec(line);
  const [, , , port, verdict] = inward ?? outward ?? [];
  if (verdict === undefined || Number(port) !== plan.clientPort) throw strange(line);
  const mode = parsePast(verdict);
  if (mode === null) return [];
  const nodes = addressesIn(inward?.[2] ?? outward?.[1] ?? '');
  return nodes.map((node) =>
    inward === null ? { from: node, to: clientsEnd, mode } : { from: clientsEnd, to: node, mode },
  );
}

/** null: no mode, but the way of connections to the link proxy. */
function parsePast(verdict: string): LinkMode | null {
  if (anew.test(verdict)) return null;
  const words = verdict.replace(ofTcp, 'ip protocol tcp ');
  if (words === waysPast.oneway) return { type: 'oneway' };
  if (words === waysPast.reset) return { type: 'reset' };
  throw strange(verdict);
}

/** Packets that were met; of links whose rules have gone as well. */
function parseCounters(listing: string): readonly LinkMet[] {
  const end = `(${address}|${clientsEnd})`;
  const counter = new RegExp(
    `\\n\\tcounter (drop|oneway|loss|reset)_${end}_${end} \\{\\s*packets (\\d+) `,
    'g',
  );
  return [...listing.matchAll(counter)].flatMap(([, type, from = '', to = '', packets]) => {
    const count = Number(packets);
    return count === 0 ? [] : [{ from, to, type: type as LinkMode['type'], count }];
  });
}

function parseLead(line: string): Opening {
  const peer = new RegExp(
    `^ip saddr (${address}) ip daddr (${address}) tcp dport \\d+ dnat to ${address}:\\d+$`,
  ).exec(line);
  if (peer !== null) return { from: peer[1] ?? '', to: peer[2] ?? '' };
  const client = new RegExp(
    `^ip daddr (${address}) tcp dport \\d+ meta skuid != \\d+ dnat to ${address}:\\d+$`,
  ).exec(line);
  if (client === null) throw strange(line);
  return { from: clientsEnd, to: client[1] ?? '' };
}

function addressesIn(text: string): readonly string[] {
  return text.match(new RegExp(address, 'g')) ?? [];
}

function strange(line: string): Error {
  return new Error(`nft lists a rule that is not ours: ${line}`);
}
