/**
 * What a power loss leaves of changes that were not durable, at the grain of a disk: the sector.
 *
 * A sector holds what stood there after one of the changes that touched it: memory is written back
 * a page at a time, so a later change of a sector never survives without the earlier ones of the
 * same sector. Between sectors there is no such order. Pure but for the random numbers it draws.
 */
import { type RandomSource, randomInteger, randomItem } from '../run/random.ts';
import { GrowingBytes } from './growing-bytes.ts';

export type FileChange =
  | { readonly type: 'append'; readonly bytes: Uint8Array }
  | { readonly type: 'write'; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly type: 'truncate'; readonly length: number };

/** What a disk writes as a whole or not at all. */
export const sectorBytes = 512;

export interface PowerCut {
  /** A change may survive in some of its sectors. */
  readonly tears: boolean;
  /** A later change may survive where an earlier one does not, and the size as of any of them. */
  readonly reorders: boolean;
  readonly random: RandomSource;
}

export interface Remains {
  readonly content: GrowingBytes;
  /** Changes of which something is gone. */
  readonly lost: readonly FileChange[];
}

/** A change, and where it fell. */
interface Placed {
  readonly change: FileChange;
  /** Sectors from the first up to, but not including, the end. */
  readonly sectors: readonly [number, number];
  readonly sizeAfter: number;
}

export function remainsOf(
  durable: GrowingBytes,
  changes: readonly FileChange[],
  cut: PowerCut,
): Remains {
  const placed = place(durable.length, changes);
  const survivals = drawSurvivals(placed, cut);
  /** By sector, the last change that survives there. */
  const last = new Map<number, number>();
  for (const [index, { sectors }] of survivals.entries()) {
    for (const sector of sectors) last.set(sector, index);
  }
  const content = copyOf(durable);
  const whole = copyOf(durable);
  for (const [index, { change }] of placed.entries()) {
    applyChange(whole, change);
    for (const sector of survivals[index]?.sectors ?? []) {
      if (last.get(sector) === index) copySector(whole, content, sector);
    }
  }
  content.truncate(drawSize({ placed, survivals, sizeBefore: durable.length }, cut));
  const isLost = ({ sectors: [from, to] }: Placed, index: number): boolean => {
    for (let sector = from; sector < to; sector++) {
      if ((last.get(sector) ?? -1) < index) return true;
    }
    return false;
  };
  return { content, lost: placed.filter(isLost).map(({ change }) => change) };
}

export function applyChange(content: GrowingBytes, change: FileChange): void {
  if (change.type === 'append') content.writeAt(content.length, change.bytes);
  else if (change.type === 'write') content.writeAt(change.offset, change.bytes);
  else content.truncate(change.length);
}

function place(sizeBefore: number, changes: readonly FileChange[]): readonly Placed[] {
  let size = sizeBefore;
  return changes.map((change) => {
    const before = size;
    if (change.type === 'truncate') {
      size = change.length;
      // What is cut off is touched; room that is added is a matter of the size alone.
      return { change, sectors: sectorsOf(change.length, before), sizeAfter: size };
    }
    const offset = change.type === 'append' ? before : change.offset;
    size = Math.max(before, offset + change.bytes.length);
    const sectors = sectorsOf(offset, offset + change.bytes.length);
    return { change, sectors, sizeAfter: size };
  });
}

function sectorsOf(from: number, to: number): readonly [number, number] {
  const first = Math.floor(from / sectorBytes);
  return to <= from ? [first, first] : [first, Math.ceil(to / sectorBytes)];
}

interface Survival {
  readonly isWhole: boolean;
  readonly sectors: readonly number[];
}

function drawSurvivals(
  placed: readonly Placed[],
  { tears, reorders, random }: PowerCut,
): readonly Survival[] {
  const share = randomItem(random, [0, 0.25, 0.5, 0.75, 1]);
  const keptCount = randomInteger(random, placed.length + 1);
  return placed.map(({ change, sectors: [from, to] }, index) => {
    const all = Array.from({ length: to - from }, (_, position) => from + position);
    const isWhole = reorders ? random() < share : index < keptCount;
    const isTorn = tears && (reorders || index === keptCount) && change.type !== 'truncate';
    if (isTorn) return { isWhole: false, sectors: all.filter(() => random() < share) };
    return { isWhole, sectors: isWhole ? all : [] };
  });
}

/** Without reordering the size is that of the last change of which something survives. */
function drawSize(
  {
    placed,
    survivals,
    sizeBefore,
  }: {
    readonly placed: readonly Placed[];
    readonly survivals: readonly Survival[];
    readonly sizeBefore: number;
  },
  { reorders, random }: PowerCut,
): number {
  if (reorders) return randomItem(random, [sizeBefore, ...placed.map((each) => each.sizeAfter)]);
  const last = survivals.findLastIndex(({ isWhole, sectors }) => isWhole || sectors.length > 0);
  return placed[last]?.sizeAfter ?? sizeBefore;
}

function copyOf(content: GrowingBytes): GrowingBytes {
  const copy = new GrowingBytes();
  copy.replaceWith(content);
  return copy;
}

function copySector(from: GrowingBytes, to: GrowingBytes, sector: number): void {
  const sectorContent = new Uint8Array(sectorBytes);
  sectorContent.set(from.slice(sector * sectorBytes, sectorBytes));
  to.writeAt(sector * sectorBytes, sectorContent);
}
