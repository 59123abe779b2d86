/**
 * Where the bars and points of a violation's lanes go: geometry without markup.
 *
 * The horizontal axis is the order of the history, not time: each invocation and completion of the
 * operations shown takes the next place to the right, far enough for the labels to fit.
 */
import type { Operation } from '../../checker/history.ts';
import { shorten } from './html.ts';
import { labelOf } from './operation-words.ts';

/** An operation's bar, in pixels. */
export interface LaneBar {
  readonly operation: Operation;
  /** Row of its process, 0-based. */
  readonly lane: number;
  readonly left: number;
  readonly right: number;
  /** Cut to what fits in the bar. */
  readonly label: string;
  readonly fate: 'ordered' | 'stuck' | 'left-over';
}

/** The linearization point of the operation at this place of the longest order. */
export interface LanePoint {
  /** 1-based. */
  readonly place: number;
  readonly lane: number;
  readonly x: number;
}

export interface LanesLayout {
  readonly width: number;
  readonly lanes: readonly { readonly process: number; readonly node: string | null }[];
  readonly bars: readonly LaneBar[];
  readonly points: readonly LanePoint[];
}

/** What the layout needs of a witness. */
export interface LanesInput {
  readonly operations: readonly Operation[];
  readonly longestOrder: readonly number[];
}

interface Edge {
  readonly at: number;
  readonly id: number;
  readonly side: 'call' | 'return';
}

/** Pixels left of the first bar: the names of the lanes stand there. */
const laneNameWidth = 104;
const rightMargin = 28;
const pointPitch = 24;
const gapMin = 18;
const characterWidth = 7.3;
const labelLengthMax = 38;
const labelPadding = 22;

export function layOutLanes({ operations, longestOrder }: LanesInput): LanesLayout {
  const edges = edgesOf(operations);
  const order = longestOrder.filter((id) => operations.some((operation) => operation.id === id));
  const slots = slotsOf(order, edges);
  const labels = new Map(
    operations.map((operation) => [operation.id, shorten(labelOf(operation), labelLengthMax)]),
  );
  const xs = placeEdges(edges, slots, labels);
  const xOf = (id: number, side: Edge['side']): number | undefined =>
    xs[edges.findIndex((edge) => edge.id === id && edge.side === side)];
  const end = endOf(operations, labels, xOf) + rightMargin;
  const lanes = lanesOf(operations);
  const laneOf = (operation: Operation): number =>
    lanes.findIndex((lane) => lane.process === operation.process);
  const stuck = stuckOf(operations, order);
  return {
    width: end,
    lanes,
    bars: operations.map((operation) => ({
      operation,
      lane: laneOf(operation),
      left: xOf(operation.id, 'call') ?? 0,
      right: xOf(operation.id, 'return') ?? end,
      label: labels.get(operation.id) ?? '',
      fate: order.includes(operation.id)
        ? 'ordered'
        : operation.id === stuck
          ? 'stuck'
          : 'left-over',
    })),
    points: order.map((id, index) => {
      const operation = operations.find((candidate) => candidate.id === id);
      return {
        place: index + 1,
        lane: operation === undefined ? 0 : laneOf(operation),
        x: xOfPoint(index, slots, { xs, end }),
      };
    }),
  };
}

/** The operation that the search had to place next and could not: the first to return. */
function stuckOf(operations: readonly Operation[], order: readonly number[]): number | null {
  let stuck: Operation | null = null;
  for (const operation of operations) {
    if (order.includes(operation.id) || operation.return === null) continue;
    if (stuck === null || operation.return < (stuck.return ?? 0)) stuck = operation;
  }
  return stuck?.id ?? null;
}

function edgesOf(operations: readonly Operation[]): Edge[] {
  const edges = operations.flatMap<Edge>(({ id, call, return: end }) => [
    { at: call, id, side: 'call' },
    ...(end === null ? [] : [{ at: end, id, side: 'return' } as const]),
  ]);
  return edges.sort((a, b) => a.at - b.at);
}

/** In the order in which they appear, so that the drawing reads from its upper left. */
function lanesOf(operations: readonly Operation[]): LanesLayout['lanes'] {
  const lanes = new Map<number, { process: number; node: string | null }>();
  for (const { process, node } of operations) {
    if (!lanes.has(process)) lanes.set(process, { process, node: node ?? null });
  }
  return [...lanes.values()];
}

/**
 * For each point the edge that it follows: a point lies after its own invocation and after every
 * earlier point, which is as early as it can be, and so before its completion if the order is one.
 */
function slotsOf(order: readonly number[], edges: readonly Edge[]): number[] {
  let slot = 0;
  return order.map((id) => {
    const call = edges.findIndex((edge) => edge.id === id && edge.side === 'call');
    slot = Math.max(slot, call);
    return slot;
  });
}

function placeEdges(
  edges: readonly Edge[],
  slots: readonly number[],
  labels: ReadonlyMap<number, string>,
): number[] {
  const xs: number[] = [];
  edges.forEach((edge, index) => {
    const pointsBefore = slots.filter((slot) => slot === index - 1).length;
    const gap = Math.max(gapMin, pointPitch * (pointsBefore + 1));
    const previous = xs[index - 1];
    let x = previous === undefined ? laneNameWidth + 12 : previous + gap;
    if (edge.side === 'return') {
      const call = edges.findIndex((other) => other.id === edge.id && other.side === 'call');
      x = Math.max(x, (xs[call] ?? 0) + labelWidth(labels.get(edge.id)));
    }
    xs.push(x);
  });
  return xs;
}

/** Right of everything: bars of open operations end here, and need room for their labels too. */
function endOf(
  operations: readonly Operation[],
  labels: ReadonlyMap<number, string>,
  xOf: (id: number, side: Edge['side']) => number | undefined,
): number {
  const ends = operations.map(({ id }) => {
    const call = xOf(id, 'call') ?? 0;
    return Math.max(xOf(id, 'return') ?? call + 60, call + labelWidth(labels.get(id)));
  });
  return Math.max(...ends, laneNameWidth);
}

function labelWidth(label: string | undefined): number {
  return (label?.length ?? 0) * characterWidth + labelPadding;
}

/** Points that follow the same edge share the room up to the next one. */
function xOfPoint(
  index: number,
  slots: readonly number[],
  { xs, end }: { readonly xs: readonly number[]; readonly end: number },
): number {
  const slot = slots[index] ?? 0;
  const first = slots.indexOf(slot);
  const shared = slots.lastIndexOf(slot) - first + 1;
  const left = xs[slot] ?? 0;
  const right = xs[slot + 1] ?? end;
  return left + ((right - left) * (index - first + 1)) / (shared + 1);
}
