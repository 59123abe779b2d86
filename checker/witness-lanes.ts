/**
 * Where the bars and points of a violation's picture go: geometry without markup.
 *
 * The horizontal axis is the order of the history, not time: each invocation and completion of the
 * operations shown takes the next place to the right, far enough for what is written there to fit.
 */
import type { Operation } from './history.ts';
import type { Witness } from './verdict.ts';
import { labelOf } from './witness-words.ts';

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

/** A state, from one point to the next; the last one up to where it gets stuck. */
export interface LaneState {
  readonly left: number;
  readonly right: number;
  readonly label: string;
  readonly text: string;
}

export interface LanesLayout {
  readonly width: number;
  readonly lanes: readonly { readonly process: number; readonly node: string | null }[];
  readonly bars: readonly LaneBar[];
  readonly points: readonly LanePoint[];
  readonly states: readonly LaneState[];
}

/** What the layout needs of a witness. */
export type LanesInput = Pick<Witness, 'operations' | 'longestOrder' | 'states'>;

interface Edge {
  readonly at: number;
  readonly operation: Operation;
  readonly side: 'call' | 'return';
}

/** Pixels left of the first bar: the names of the lanes stand there. */
export const laneNameWidth = 104;
const rightMargin = 28;
const gapMin = 18;
/** Around a point, so that its circle covers neither an edge nor another point. */
const pointRoom = 14;
const pointPitch = 26;
const characterWidth = 7.3;
const labelLengthMax = 38;
const stateLengthMax = 18;
const labelPadding = 22;

export function layOutLanes({ operations, longestOrder, states }: LanesInput): LanesLayout {
  const byId = new Map(operations.map((operation) => [operation.id, operation]));
  const order = longestOrder.flatMap((id) => byId.get(id) ?? []);
  const labels = new Map(
    operations.map((operation) => [operation.id, shorten(labelOf(operation), labelLengthMax)]),
  );
  const stateLabels = states.map((state) => shorten(state, stateLengthMax));
  const { calls, returns, points } = place(operations, { order, labels, stateLabels });
  const lastPoint = (points.at(-1) ?? laneNameWidth) + widthOf(stateLabels.at(-1));
  const ends = operations.map(({ id }) => {
    const call = calls.get(id) ?? 0;
    return Math.max(returns.get(id) ?? call + 60, call + widthOf(labels.get(id)));
  });
  const width = Math.max(...ends, lastPoint, laneNameWidth) + rightMargin;
  const lanes = lanesOf(operations);
  const laneOf = ({ process }: Operation): number =>
    lanes.findIndex((lane) => lane.process === process);
  const stuck = stuckOf(operations, longestOrder);
  return {
    width,
    lanes,
    bars: operations.map((operation) => ({
      operation,
      lane: laneOf(operation),
      left: calls.get(operation.id) ?? 0,
      right: returns.get(operation.id) ?? width,
      label: labels.get(operation.id) ?? '',
      fate: fateOf(operation, { order, stuck }),
    })),
    points: order.map((operation, at) => {
      return { place: at + 1, lane: laneOf(operation), x: points[at] ?? 0 };
    }),
    states: states.map((text, at) => ({
      left: at === 0 ? laneNameWidth : (points[at - 1] ?? 0),
      right: points[at] ?? width,
      label: stateLabels[at] ?? '',
      text,
    })),
  };
}

/** The operation that had to come next and could not: the first to return. */
export function stuckOf(
  operations: readonly Operation[],
  order: readonly number[],
): Operation | null {
  let stuck: Operation | null = null;
  for (const operation of operations) {
    if (order.includes(operation.id) || operation.return === null) continue;
    if (stuck === null || operation.return < (stuck.return ?? 0)) stuck = operation;
  }
  return stuck;
}

/** Cut to that many characters. */
export function shorten(text: string, lengthMax: number): string {
  const characters = [...text];
  return characters.length <= lengthMax ? text : `${characters.slice(0, lengthMax - 1).join('')}…`;
}

function fateOf(
  operation: Operation,
  { order, stuck }: { readonly order: readonly Operation[]; readonly stuck: Operation | null },
): LaneBar['fate'] {
  if (order.includes(operation)) return 'ordered';
  return operation === stuck ? 'stuck' : 'left-over';
}

function edgesOf(operations: readonly Operation[]): Edge[] {
  const edges = operations.flatMap<Edge>((operation) => [
    { at: operation.call, operation, side: 'call' },
    ...(operation.return === null
      ? []
      : [{ at: operation.return, operation, side: 'return' } as const]),
  ]);
  return edges.sort(
    (a, b) => a.at - b.at || Number(a.side === 'return') - Number(b.side === 'return'),
  );
}

/** In the order in which they appear, so that the drawing reads from its upper left. */
function lanesOf(operations: readonly Operation[]): LanesLayout['lanes'] {
  const lanes = new Map<number, { process: number; node: string | null }>();
  for (const { process, node } of operations) {
    if (!lanes.has(process)) lanes.set(process, { process, node: node ?? null });
  }
  return [...lanes.values()];
}

interface Places {
  readonly calls: ReadonlyMap<number, number>;
  readonly returns: ReadonlyMap<number, number>;
  readonly points: readonly number[];
}

interface Contents {
  readonly order: readonly Operation[];
  readonly labels: ReadonlyMap<number, string>;
  readonly stateLabels: readonly string[];
}

/**
 * From left to right: each edge, then the points that lie after it and before the next. A point
 * is as early as it can be: after its own invocation and after every earlier point; so it comes
 * before its completion, if the order is one.
 */
function place(operations: readonly Operation[], contents: Contents): Places {
  const { order, labels, stateLabels } = contents;
  const calls = new Map<number, number>();
  const returns = new Map<number, number>();
  const points: number[] = [];
  let x = laneNameWidth + widthOf(stateLabels[0]) - gapMin;
  for (const { operation, side } of edgesOf(operations)) {
    x = Math.max(x + gapMin, (points.at(-1) ?? 0) + pointRoom);
    if (side === 'call') calls.set(operation.id, x);
    else {
      x = Math.max(x, (calls.get(operation.id) ?? 0) + widthOf(labels.get(operation.id)));
      returns.set(operation.id, x);
    }
    for (;;) {
      const next = order[points.length];
      if (next === undefined || !calls.has(next.id)) break;
      const previous = points.at(-1) ?? 0;
      const room = Math.max(pointPitch, widthOf(stateLabels[points.length]));
      points.push(Math.max(x + pointRoom, previous + room));
    }
  }
  return { calls, returns, points };
}

function widthOf(label: string | undefined): number {
  return (label?.length ?? 0) * characterWidth + labelPadding;
}
