/**
 * The text of the fault agent's rules: what nft is told, and what its listing says.
 *
 * Pure. The table belongs to the socket that made it (`flags owner`), so the kernel removes it, and
 * with it every cut, when the agent ends. Traffic between containers of one bridge passes the
 * bridge's forward hook in the engine's network; clients come another way and are never cut.
 */

/** A directed pair of IPv4 addresses. */
export interface AddressPair {
  readonly from: string;
  readonly to: string;
}

export interface TableReading {
  readonly cut: readonly AddressPair[];
  /** Packets that the drop rule has met since the table was made. */
  readonly dropped: number;
}

/**
 * A table that drops what goes from `from` to `to`.
 *
 * Where only one direction is cut, bare acknowledgements still pass on it: without them TCP would
 * fall silent in the other direction too, which was not asked for. A segment with data, a new
 * connection and a reset are dropped. (One rule for each length of the TCP header: nft 1.0.6 can
 * not list a set of such pairs.)
 */
export function describeSetup(table: string): string {
  const acknowledgements = Array.from({ length: 11 }, (_, options) => {
    const words = 5 + options;
    return `add rule bridge ${table} acks ip length ${20 + 4 * words} tcp doff ${words} accept`;
  });
  return transaction([
    `add table bridge ${table} { flags owner; }`,
    `add set bridge ${table} cut { type ipv4_addr . ipv4_addr; }`,
    `add set bridge ${table} oneway { type ipv4_addr . ipv4_addr; }`,
    `add chain bridge ${table} acks`,
    ...acknowledgements,
    `add chain bridge ${table} fw { type filter hook forward priority 0; }`,
    `add rule bridge ${table} fw ` +
      'ip saddr . ip daddr @oneway tcp flags & (fin|rst|ack) == ack jump acks',
    `add rule bridge ${table} fw ip saddr . ip daddr @cut counter drop`,
  ]);
}

/** From now on exactly these pairs are cut: one line, which is one transaction. */
export function describeCut(table: string, cut: readonly AddressPair[]): string {
  const has = new Set(cut.map(describePair));
  const oneway = cut.filter((pair) => !has.has(describePair({ from: pair.to, to: pair.from })));
  return transaction([
    `flush set bridge ${table} cut`,
    `flush set bridge ${table} oneway`,
    ...addElements(table, 'cut', cut),
    ...addElements(table, 'oneway', oneway),
  ]);
}

function addElements(table: string, set: string, pairs: readonly AddressPair[]): readonly string[] {
  if (pairs.length === 0) return [];
  return [`add element bridge ${table} ${set} { ${pairs.map(describePair).join(', ')} }`];
}

function describePair(pair: AddressPair): string {
  return `${pair.from} . ${pair.to}`;
}

function transaction(commands: readonly string[]): string {
  return commands.join('; ');
}

/** A complete listing of the table at the end of the text; null when there is none (yet). */
export function parseTable(text: string, table: string): TableReading | null {
  const start = text.lastIndexOf(`table bridge ${table} {`);
  if (start < 0) return null;
  const end = text.indexOf('\n}\n', start);
  if (end < 0) return null;
  const listing = text.slice(start, end);
  const set = /\n\tset cut \{([\s\S]*?)\n\t\}/.exec(listing)?.[1];
  const dropped = /@cut counter packets (\d+)/.exec(listing)?.[1];
  if (set === undefined || dropped === undefined) {
    throw new Error(`nft lists the table ${table} without its set or its counter: ${listing}`);
  }
  const pairs = set.matchAll(/(\d+\.\d+\.\d+\.\d+) \. (\d+\.\d+\.\d+\.\d+)/g);
  return {
    cut: [...pairs].map((match) => ({ from: match[1] ?? '', to: match[2] ?? '' })),
    dropped: Number(dropped),
  };
}

/** Whether two lists hold the same pairs. */
export function samePairs(a: readonly AddressPair[], b: readonly AddressPair[]): boolean {
  const left = new Set(a.map(describePair));
  const right = new Set(b.map(describePair));
  return left.size === right.size && [...left].every((pair) => right.has(pair));
}
