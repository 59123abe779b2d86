/**
 * space-time.html: who said what to whom and when, in one run of the simulation.
 *
 * A pure function of its data but for its own style sheet and scripts, which are read from this
 * installation and put into the page. The page opens from disk and asks nothing of any network.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describeCount } from './figures.ts';
import { type Html, html, jsonHtml, rawHtml, shorten } from './html.ts';
import { messageGroups, type SpaceTimeData } from './space-time-data.ts';

/** In the order in which each needs the ones before. */
const scripts: readonly string[] = [
  import.meta.resolve('./page/space-time-model.js'),
  import.meta.resolve('./page/space-time-drawing.js'),
  import.meta.resolve('./page/space-time.js'),
];

const titleMax = 160;

/** The whole page, ready to be written to a file. */
export function renderSpaceTime(data: SpaceTimeData): string {
  const code = scripts.map((url) => readAsset(url));
  const style = readAsset(import.meta.resolve('./page/space-time.css'));
  const hashes = code.map((each) => createHash('sha256').update(each).digest('base64'));
  const allowed = hashes.map((hash) => `'sha256-${hash}'`).join(' ');
  const policy =
    `default-src 'none'; script-src ${allowed}; style-src 'unsafe-inline'; ` +
    "img-src data:; base-uri 'none'; form-action 'none'";
  const { word, title, summary } = data;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Space-time: ${title} · rafture</title>
<link rel="icon" href="data:,">
<style>${rawHtml(style)}</style>
</head>
<body>
<header>
  <div class="head"><a class="brand" href="report.html">rafture</a>
    <h1>${title}</h1><span class="pill ${word}">${word}</span></div>
  <p class="summary" title="${summary}">${shorten(summary, titleMax * 2)}</p>
</header>
${toolbar(data)}
<main>
  <div class="lanes" id="lanes" aria-hidden="true"></div>
  <div class="stage"><canvas id="diagram" tabindex="0" role="img"
    aria-label="Messages between ${data.nodes.length} nodes, time downwards"></canvas>
    <canvas id="overview" aria-hidden="true"></canvas></div>
  <div class="detail" id="detail" aria-live="polite">Point at something to read what it is.</div>
</main>
${legend(data)}
<noscript><p>The diagram needs JavaScript.</p></noscript>
<script type="application/json" id="space-time-data">${jsonHtml(data)}</script>
${code.map((each) => html`<script type="module">${rawHtml(each)}</script>`)}
</body>
</html>
`.toString();
}

function toolbar(data: SpaceTimeData): Html {
  const { types, messages, nodes, violationUs } = data;
  const counts = new Map<string, number>();
  for (const row of messages) {
    const group = types[row[4] ?? -1]?.group ?? '';
    counts.set(group, (counts.get(group) ?? 0) + 1);
  }
  return html`<div class="tools" role="toolbar" aria-label="What is shown">
  <div class="set" id="groups">${messageGroups.map(
    (group) => html`<button type="button" class="toggle g-${group.replaceAll(' ', '-')}"
      data-group="${group}" aria-pressed="${group === 'heartbeat' ? 'false' : 'true'}"><i></i>
      ${group} <span>${describeCount(counts.get(group) ?? 0)}</span></button>`,
  )}<button type="button" class="toggle g-progress" data-layer="progress"
      aria-pressed="true"><i></i>commits</button><button type="button" class="toggle g-fault"
      data-layer="faults" aria-pressed="true"><i></i>faults</button></div>
  <div class="set" id="nodes">${['clients', ...nodes].map(
    (node) => html`<button type="button" class="toggle lane" data-lane="${node}"
      aria-pressed="true">${node}</button>`,
  )}</div>
  <div class="set"><button type="button" id="zoom-out" aria-label="Show more time">−</button>
    <button type="button" id="zoom-in" aria-label="Show less time">+</button>
    <button type="button" id="zoom-all">Whole run</button>
    <button type="button" id="previous">◂ fault</button>
    <button type="button" id="next">fault ▸</button>
    ${
      violationUs !== null &&
      html`<a class="button" id="to-violation" href="#violation">To the
      violation</a>`
    }
    <output id="range"></output></div>
</div>`;
}

function legend({ repeat, leftOut }: SpaceTimeData): Html {
  return html`<footer>
  ${
    leftOut > 0 &&
    html`<p class="warn">The last ${describeCount(leftOut)} messages are not here:
    a page of more would not open.</p>`
  }
  <p>Time goes down. A line is a message, from when it was sent to when it arrived; a cross is one
    that was lost, cut off, refused, or came to nobody; a dashed line is one that came again (a
    copy, or an old one replayed). The bar of a lane is the node's role, and is broken while it
    does not run. A heartbeat is an appendEntries, or an answer, that says what the one before it on
    its link has said. Drag or scroll to move, Ctrl and scroll or pinch to zoom,
    arrow keys and + − too.</p>
  <p><code>${repeat}</code></p>
</footer>`;
}

/** A file of this folder, as text that may stand inside an element. */
function readAsset(url: string): string {
  return readFileSync(fileURLToPath(url), 'utf8').replaceAll('\r\n', '\n');
}
