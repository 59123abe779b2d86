/**
 * What nft's listing of the fault agent's tables says, as rules of links.
 *
 * Pure, and strict: a rule that describeRules would not have written is an error, because then what
 * is in force is not what anybody asked for. Nothing is remembered, all is read.
 */
import { clientsEnd, type LinkMode, type LinkRule } from '../cluster.ts';
import { type LinkPlan, lossScale, type Opening } from './docker-nft.ts';

export interface TablesReading {
  /** Those that nft keeps by itself. */
  readonly rules: readonly LinkRule[];
  /** What is led to the link proxy. */
  readonly led: readonly Opening[];
  /** Packets since the tables were made. */
  readonly met: Readonly<Partial<Record<LinkMode['type'], number>>>;
}

/** The listing of a table at the end of the text; null when there is none, or no end of it, yet. */
export function findListing(text: string, table: string): string | null {
  const start = text.lastIndexOf(`table ${table} {`);
  if (start < 0) return null;
  const end = text.indexOf('\n}\n', start);
  return end < 0 ? null : text.slice(start, end + 3);
}

/** Throws when a listing has what was never put there, or lacks what was. */
export function parseTables(
  plan: Pick<LinkPlan, 'clientPort'>,
  bridge: string,
  ip: string | null,
): TablesReading {
  const listed = ip ?? '';
  const places = [...linesOf(bridge, 'links'), ...(ip === null ? [] : linesOf(listed, 'links'))];
  return {
    rules: places.flatMap((line) => parseRule(plan, line)),
    led:
      ip === null
        ? []
        : [...linesOf(listed, 'peers'), ...linesOf(listed, 'clients')].map(parseLead),
    met: Object.fromEntries(
      [...`${bridge}${listed}`.matchAll(/counter met_(\w+) \{\s*packets (\d+) /g)].map(
        ([, mode, packets]) => [mode, Number(packets)],
      ),
    ),
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

/** Those of a line; none for what only makes connections begin anew. */
function parseRule(plan: Pick<LinkPlan, 'clientPort'>, line: string): readonly LinkRule[] {
  const pairs = nodePairs.exec(line);
  if (pairs !== null) {
    const mode = parseVerdict(pairs[2] ?? '');
    const found = [...(pairs[1] ?? '').matchAll(new RegExp(`(${address}) \\. (${address})`, 'g'))];
    return found.flatMap(([, from = '', to = '']) => (mode === null ? [] : [{ from, to, mode }]));
  }
  const inward = toNodes.exec(line);
  const outward = fromNodes.exec(line);
  const [, , , port, verdict] = inward ?? outward ?? [];
  if (verdict === undefined || Number(port) !== plan.clientPort) throw strange(line);
  const mode = parseVerdict(verdict);
  if (mode === null) return [];
  const nodes = addressesIn(inward?.[2] ?? outward?.[1] ?? '');
  return nodes.map((node) =>
    inward === null ? { from: node, to: clientsEnd, mode } : { from: clientsEnd, to: node, mode },
  );
}

/** null: no mode, but the way of connections to the link proxy. */
function parseVerdict(verdict: string): LinkMode | null {
  if (verdict === 'counter name "met_drop" drop') return { type: 'drop' };
  if (verdict === 'jump oneway') return { type: 'oneway' };
  // Where no file says which protocol has which number, nft lists the number.
  if (/^ip protocol (tcp|6) jump resets$/.test(verdict)) return { type: 'reset' };
  if (/^(tcp [ds]port \d+ )?ct mark != \S+ jump anew$/.test(verdict)) return null;
  const loss = /^numgen random mod (\d+) < (\d+) counter name "met_loss" drop$/.exec(verdict);
  if (loss === null || Number(loss[1]) !== lossScale) throw strange(verdict);
  return { type: 'loss', percent: Number(loss[2]) / (lossScale / 100) };
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
