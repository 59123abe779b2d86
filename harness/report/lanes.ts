/**
 * The drawing of a violation: one lane per process, a bar per operation, numbered points.
 *
 * Markup over the geometry of lanes-layout.ts. Colours come from the page's style sheet.
 */
import type { Witness } from '../../checker/verdict.ts';
import { type Html, html } from './html.ts';
import { type LaneBar, type LanePoint, layOutLanes } from './lanes-layout.ts';
import { isOpen, labelOf, outcomeOf } from './operation-words.ts';

const laneHeight = 64;
const barTop = 30;
const barHeight = 16;
const pointRadius = 10;

/** A complete svg element, as wide as it needs to be. */
export function lanesSvg(witness: Witness): Html {
  const layout = layOutLanes(witness);
  const { width, lanes, bars, points } = layout;
  const height = lanes.length * laneHeight + 12;
  return html`<svg class="lanes" xmlns="http://www.w3.org/2000/svg" role="img"
    viewBox="0 0 ${width} ${height}" style="min-width:${width}px;max-width:${stretch(width)}px"
    aria-label="${describeDrawing(witness)}">
    <defs>${['ordered', 'stuck', 'left-over'].map(fadeOf)}</defs>
    ${lanes.map(
      ({ process, node }, lane) => html`<g class="lane">
        <line x1="0" x2="${width}" y1="${laneMiddle(lane)}" y2="${laneMiddle(lane)}"/>
        <text class="lane-process" x="0" y="${laneMiddle(lane) - 8}">process ${process}</text>
        <text class="lane-node" x="0" y="${laneMiddle(lane) + 18}">${node ?? ''}</text>
      </g>`,
    )}
    ${orderPath(points)}
    ${bars.map((bar) => barSvg(bar))}
    ${points.map(pointSvg)}
  </svg>`;
}

/** A small drawing may grow on a wide screen, but its letters not out of proportion. */
function stretch(width: number): number {
  return Math.round(width * 1.3);
}

function laneMiddle(lane: number): number {
  return lane * laneHeight + barTop + barHeight / 2;
}

function barSvg(bar: LaneBar): Html {
  const { operation, lane, left, right, label, fate } = bar;
  const top = lane * laneHeight + barTop;
  const open = isOpen(operation);
  const end = open ? right : Math.max(right, left + 6);
  const fill = open ? html` style="fill:url(#fade-${fate})"` : null;
  return html`<a href="#op-${operation.id}" class="bar ${fate}${open ? ' open' : ''}">
    <title>op ${operation.id}: ${labelOf(operation)} (${outcomeOf(operation)})</title>
    <text x="${left}" y="${top - 8}">${label}</text>
    <rect x="${left}" y="${top}" width="${end - left}" height="${barHeight}" rx="5"${fill}/>
    <line x1="${left}" x2="${left}" y1="${top - 3}" y2="${top + barHeight + 3}"/>
    ${!open && html`<line x1="${end}" x2="${end}" y1="${top - 3}" y2="${top + barHeight + 3}"/>`}
    ${fate === 'stuck' && stuckMark((left + end) / 2, top + barHeight / 2)}
  </a>`;
}

function stuckMark(x: number, y: number): Html {
  return html`<g class="stuck-mark"><circle cx="${x}" cy="${y}" r="${pointRadius}"/>
    <path d="M${x - 4} ${y - 4}l8 8m0 -8l-8 8"/></g>`;
}

/** Open operations have no end: their bars fade out to the right. */
function fadeOf(fate: string): Html {
  return html`<linearGradient id="fade-${fate}" class="fade ${fate}">
    <stop offset="0.25"/><stop offset="1" stop-opacity="0"/></linearGradient>`;
}

function orderPath(points: readonly LanePoint[]): Html | null {
  if (points.length < 2) return null;
  const path = points.map(({ x, lane }) => `${x.toFixed(1)} ${laneMiddle(lane)}`).join('L');
  return html`<path class="order" d="M${path}"/>`;
}

function pointSvg({ x, lane, place }: LanePoint): Html {
  const y = laneMiddle(lane);
  return html`<g class="point"><circle cx="${x.toFixed(1)}" cy="${y}" r="${pointRadius}"/>
    <text x="${x.toFixed(1)}" y="${y + 4}">${place}</text></g>`;
}

function describeDrawing(witness: Witness): string {
  return `${witness.operations.length} operations that cannot be ordered. ${witness.sentence}`;
}
