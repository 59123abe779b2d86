/**
 * The picture of a violation: one lane per process, a bar per operation, numbered points with the
 * state between them, and what fits nowhere in red. A complete SVG document as text.
 *
 * Pure markup over the geometry of witness-lanes.ts. What the system under test said is escaped;
 * there are no scripts, and nothing is loaded. Light or dark as the reader's system is.
 */
import type { Obstacle, Witness } from './verdict.ts';
import {
  type LaneBar,
  type LanePoint,
  type LaneState,
  type LanesLayout,
  laneNameWidth,
  layOutLanes,
  shorten,
} from './witness-lanes.ts';
import { labelOf, outcomeOf } from './witness-words.ts';

export interface SvgOptions {
  /** Where a click on an operation leads, such as `#op-7`. */
  linkTo?(id: number): string;
}

const margin = 12;
const laneHeight = 64;
const barTop = 30;
const barHeight = 16;
const pointRadius = 10;
const stateHeight = 22;
const lineHeight = 19;
const obstaclesMax = 6;
const obstacleLengthMax = 120;
const obstacleCharacterWidth = 7.1;

const style = `
svg.lanes { --bg: #f5f6f8; --text: #171a21; --muted: #596172; --line: #d5dae2; --good: #2f6fde;
  --bad: #c2203a; --other: #6b7688; background: var(--bg);
  font: 12px ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
@media (prefers-color-scheme: dark) { svg.lanes { --bg: #0f1319; --text: #e6e9ef;
  --muted: #98a2b3; --line: #2c3340; --good: #6ea6ff; --bad: #ff7385; --other: #8a94a6; } }
.lanes text { fill: var(--text); paint-order: stroke; stroke: var(--bg); stroke-width: 3px;
  stroke-linejoin: round; }
.lanes .lane line { stroke: var(--line); }
.lanes .lane .lane-node, .lanes .state-name { fill: var(--muted); }
.lanes .bar { --bar: var(--good); text-decoration: none; }
.lanes .bar.stuck { --bar: var(--bad); }
.lanes .bar.left-over { --bar: var(--other); }
.lanes .bar.stuck text, .lanes .obstacle.stuck { fill: var(--bad); font-weight: 700; }
.lanes .bar rect { fill: var(--bar); fill-opacity: 0.3; }
.lanes .bar.open rect { fill-opacity: 0.55; }
.lanes .bar:hover rect { fill-opacity: 0.6; }
.lanes .bar line { stroke: var(--bar); stroke-width: 2; }
.lanes .bar line.loose { stroke-dasharray: 2 3; }
.lanes .fade.ordered stop { stop-color: var(--good); }
.lanes .fade.stuck stop { stop-color: var(--bad); }
.lanes .fade.left-over stop { stop-color: var(--other); }
.lanes .order { fill: none; stroke: var(--muted); stroke-width: 1.25; stroke-dasharray: 3 4; }
.lanes .drop { stroke: var(--line); }
.lanes .point, .lanes .order, .lanes .drop { pointer-events: none; }
.lanes .point circle { fill: var(--bg); stroke: var(--good); stroke-width: 2; }
.lanes .point text { stroke: none; text-anchor: middle; font: 600 11px system-ui, sans-serif; }
.lanes .state rect { fill: var(--good); fill-opacity: 0.12; stroke: var(--line); }
.lanes .state text { stroke: none; text-anchor: middle; }
.lanes .stuck-mark circle { fill: var(--bad); }
.lanes .stuck-mark path { stroke: var(--bg); stroke-width: 2.2; stroke-linecap: round; }
`;

export function renderWitnessSvg(witness: Witness, options: SvgOptions = {}): string {
  const layout = layOutLanes(witness);
  const statesTop = layout.lanes.length * laneHeight + 14;
  const obstaclesTop = statesTop + (layout.states.length > 0 ? stateHeight + 26 : 0);
  const obstacles = obstacleLines(witness);
  const height = obstaclesTop + obstacles.length * lineHeight;
  const longest = Math.max(0, ...obstacles.map(({ text }) => text.length));
  const width = Math.ceil(Math.max(layout.width, longest * obstacleCharacterWidth + 12));
  const { lanes, bars, points } = layout;
  return [
    '<svg class="lanes" xmlns="http://www.w3.org/2000/svg" role="img"',
    ` width="${width + 2 * margin}"`,
    ` height="${height + margin}" viewBox="${-margin} 0 ${width + 2 * margin} ${height + margin}"`,
    ' aria-labelledby="witness-title witness-desc">',
    `<title id="witness-title">${escapeXml(titleOf(witness))}</title>`,
    `<desc id="witness-desc">${escapeXml(witness.sentence)}</desc>`,
    `<style>${style}</style>`,
    `<defs>${['ordered', 'stuck', 'left-over'].map(fadeOf).join('')}</defs>`,
    ...lanes.map((lane, at) => laneMarkup(lane, at, layout.width)),
    ...points.map((point) => dropMarkup(point, statesTop)),
    orderPath(points),
    ...bars.map((bar) => barMarkup(bar, { witness, options })),
    ...points.map(pointMarkup),
    ...statesMarkup(layout, statesTop),
    ...obstacles.map(({ text, isStuck }, at) => {
      const y = obstaclesTop + at * lineHeight;
      const kind = `obstacle${isStuck ? ' stuck' : ''}`;
      return `<text class="${kind}" x="0" y="${y}">${escapeXml(text)}</text>`;
    }),
    '</svg>\n',
  ].join('\n');
}

function titleOf({ kind, operations, key }: Witness): string {
  const where = key === null ? '' : ` of key ${shorten(key, 40)}`;
  const count = operations.length === 1 ? 'One operation' : `${operations.length} operations`;
  return `${kind}: ${count}${where} that cannot be ordered`;
}

function laneMiddle(lane: number): number {
  return lane * laneHeight + barTop + barHeight / 2;
}

function laneMarkup(
  { process, node }: LanesLayout['lanes'][number],
  lane: number,
  width: number,
): string {
  const y = laneMiddle(lane);
  return (
    `<g class="lane"><line x1="0" x2="${width}" y1="${y}" y2="${y}"/>` +
    `<text class="lane-process" x="0" y="${y - 8}">process ${process}</text>` +
    `<text class="lane-node" x="0" y="${y + 18}">${escapeXml(shorten(node ?? '', 13))}</text></g>`
  );
}

function barMarkup(
  { operation, lane, left, right, label, fate }: LaneBar,
  { witness, options }: { readonly witness: Witness; readonly options: SvgOptions },
): string {
  const top = lane * laneHeight + barTop;
  const isOpen = operation.return === null;
  const isLoose = witness.openEnded.includes(operation.id);
  const fill = isOpen ? ` style="fill:url(#fade-${fate})"` : '';
  const loose = isLoose ? '; when it returned does not matter' : '';
  const title = `op ${operation.id}: ${labelOf(operation)} (${outcomeOf(operation)}${loose})`;
  const edge = (x: number, name: string): string =>
    `<line${name} x1="${round(x)}" x2="${round(x)}" y1="${top - 3}" y2="${top + barHeight + 3}"/>`;
  const href = options.linkTo?.(operation.id);
  const tag = href === undefined ? 'g' : 'a';
  return [
    `<${tag}${href === undefined ? '' : ` href="${escapeXml(href)}"`}`,
    ` class="bar ${fate}${isOpen ? ' open' : ''}"><title>${escapeXml(title)}</title>`,
    `<text x="${round(left)}" y="${top - 8}">${escapeXml(label)}</text>`,
    `<rect x="${round(left)}" y="${top}" width="${round(right - left)}" height="${barHeight}"`,
    ` rx="5"${fill}/>`,
    edge(left, ''),
    isOpen ? '' : edge(right, isLoose ? ' class="loose"' : ''),
    fate === 'stuck' ? stuckMark((left + right) / 2, top + barHeight / 2) : '',
    `</${tag}>`,
  ].join('');
}

function stuckMark(x: number, y: number): string {
  return (
    `<g class="stuck-mark"><circle cx="${round(x)}" cy="${y}" r="${pointRadius}"/>` +
    `<path d="M${round(x - 4)} ${y - 4}l8 8m0 -8l-8 8"/></g>`
  );
}

/** Open operations have no end: their bars fade out to the right. */
function fadeOf(fate: string): string {
  return (
    `<linearGradient id="fade-${fate}" class="fade ${fate}">` +
    '<stop offset="0.25"/><stop offset="1" stop-opacity="0"/></linearGradient>'
  );
}

function orderPath(points: readonly LanePoint[]): string {
  if (points.length < 2) return '';
  const path = points.map(({ x, lane }) => `${round(x)} ${laneMiddle(lane)}`).join('L');
  return `<path class="order" d="M${path}"/>`;
}

function dropMarkup({ x, lane }: LanePoint, bottom: number): string {
  const at = round(x);
  return `<line class="drop" x1="${at}" x2="${at}" y1="${laneMiddle(lane)}" y2="${bottom}"/>`;
}

function pointMarkup({ x, lane, place }: LanePoint): string {
  const y = laneMiddle(lane);
  return (
    `<g class="point"><circle cx="${round(x)}" cy="${y}" r="${pointRadius}"/>` +
    `<text x="${round(x)}" y="${y + 4}">${place}</text></g>`
  );
}

function statesMarkup({ states }: LanesLayout, top: number): string[] {
  if (states.length === 0) return [];
  const name = `<text class="state-name" x="0" y="${top + 15}">state</text>`;
  return [name, ...states.map((state) => stateMarkup(state, top))];
}

function stateMarkup({ left, right, label, text }: LaneState, top: number): string {
  const from = Math.max(left, laneNameWidth - 10);
  return (
    `<g class="state"><title>${escapeXml(text)}</title>` +
    `<rect x="${round(from)}" y="${top}" width="${round(right - from)}" ` +
    `height="${stateHeight}" rx="3"/>` +
    `<text x="${round((from + right) / 2)}" y="${top + 15}">${escapeXml(label)}</text></g>`
  );
}

/** What the longest order leaves, and why, as lines below the lanes; the stuck one first. */
function obstacleLines(witness: Witness): { readonly text: string; readonly isStuck: boolean }[] {
  const { remaining, operations } = witness;
  const lines = remaining.slice(0, obstaclesMax).map((obstacle, at) => ({
    text: shorten(obstacleText(obstacle, operations), obstacleLengthMax),
    isStuck: at === 0,
  }));
  const rest = remaining.length - lines.length;
  return rest === 0 ? lines : [...lines, { text: `… and ${rest} more`, isStuck: false }];
}

function obstacleText({ id, why }: Obstacle, operations: Witness['operations']): string {
  const operation = operations.find((candidate) => candidate.id === id);
  return `op ${id}${operation === undefined ? '' : ` (${labelOf(operation)})`} ${why}`;
}

function round(x: number): string {
  return String(Math.round(x * 10) / 10);
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** What XML forbids even when it is escaped is shown as its Unicode picture, or as unknown. */
function escapeXml(text: string): string {
  return text
    .replace(/[&<>"']/g, (character) => entities[character] ?? '')
    .replace(/[\p{Cc}\p{Cs}\ufffe\uffff]/gu, (character) => {
      const code = character.codePointAt(0) ?? 0;
      return code < 0x20 ? String.fromCodePoint(0x2400 + code) : '\ufffd';
    });
}
