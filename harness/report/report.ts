/**
 * report.html: one self-contained page about one run.
 *
 * A pure function of the run's record but for its own style sheet, its script and uPlot, which are
 * read from this installation and put into the page. The page opens from disk, asks nothing of any
 * network, and its security policy lets no other script run than these two.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { availabilitySection, hasAvailability } from './availability-section.ts';
import { checkersSection } from './checkers-section.ts';
import { faultsSection } from './faults-section.ts';
import { describeCount } from './figures.ts';
import { type Html, html, jsonHtml, rawHtml } from './html.ts';
import { type PlotData, plotDataOf } from './plot-data.ts';
import type { RunRecord } from './run-record.ts';
import type { RunStats } from './stats.ts';
import { operationsSection } from './tables-section.ts';
import {
  configurationSection,
  filesSection,
  scopeSection,
  verdictSection,
} from './verdict-section.ts';
import { describeVerdict, type VerdictWords } from './verdict-words.ts';
import { violationSection } from './violation-section.ts';

/** The whole page, ready to be written to a file. */
export function renderReport(run: RunRecord): string {
  const words = describeVerdict(run);
  const plotData = plotDataOf({ ...run.results, ops: run.ops });
  const plotter = readAsset(import.meta.resolve('uplot/dist/uPlot.iife.min.js'));
  const pageScript = readAsset(import.meta.resolve('./page/report-page.js'));
  const styles = [
    readAsset(import.meta.resolve('uplot/dist/uPlot.min.css')),
    readAsset(import.meta.resolve('./page/report-page.css')),
  ];
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policyOf([plotter, pageScript])}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${words.word}: ${run.test.name} · rafture</title>
<link rel="icon" href="${iconOf(words.word)}">
<style>${rawHtml(styles.join('\n'))}</style>
</head>
<body>
${topBar(run, words)}
<main class="page">
${verdictSection(run)}
${violationSection(run)}
${scopeSection(run)}
${timeSection(plotData, run.results.stats)}
${faultsSection(run)}
${availabilitySection(run)}
${operationsSection(run)}
${checkersSection(run)}
${configurationSection(run)}
${filesSection(run)}
<footer>Made by rafture ${run.test.versions['rafture'] ?? ''}. Order is the position in the history;
  times are for these plots only.</footer>
</main>
<script type="application/json" id="plot-data">${jsonHtml(plotData)}</script>
<script>${rawHtml(plotter)}</script>
<script type="module">${rawHtml(pageScript)}</script>
</body>
</html>
`.toString();
}

function topBar(run: RunRecord, { word }: VerdictWords): Html {
  const sections = [
    ...(run.results.linearizability?.valid === false ? [['violation', 'Violation']] : []),
    ['scope', 'Coverage'],
    ['time', 'Timeline'],
    ['faults', 'Faults'],
    ...(hasAvailability(run.results) ? [['availability', 'Availability']] : []),
    ['operations', 'Operations'],
    ['checkers', 'Checkers'],
    ['configuration', 'Configuration'],
    ['files', 'Files'],
  ];
  return html`<div class="bar-top"><div><a class="brand" href="#verdict">rafture</a>
    <nav aria-label="Sections">${sections.map(
      ([id, name]) => html`<a href="#${id ?? ''}">${name ?? ''}</a>`,
    )}</nav><span class="pill ${word}">${word}</span></div></div>`;
}

function timeSection(plotData: PlotData, stats: RunStats): Html {
  const { pointCount, shownCount, hiddenFaults, rate } = plotData;
  const thinned =
    shownCount < pointCount
      ? `${describeCount(shownCount)} of ${describeCount(pointCount)} points are drawn, ` +
        'at least one for every spot that has any. '
      : '';
  return html`<section id="time">
    <h2>Over time</h2>
    <p class="lead">Latency and rate by outcome; the bands are the faults in force. Drag over a
      plot to look closer, double-click to see all again.</p>
    <div class="card">
      <div class="plot-bar">${(['ok', 'fail', 'info'] as const).map(
        (outcome) => html`<button type="button" class="toggle key ${outcome}"
          id="toggle-${outcome}" aria-pressed="true">${outcome}
          <span class="muted">${describeCount(stats[outcome])}</span></button>`,
      )}<button type="button" class="button" id="reset-zoom" hidden>Show all</button></div>
      <div class="tracks" id="tracks"></div>
      <div class="plot" id="latency"><h3>Latency from when it was due, logarithmic</h3></div>
      <div class="plot" id="rate">
        <h3>Completions per second, in steps of ${rate.bucketS} s</h3></div>
      <noscript><p>The plots need JavaScript; everything else on this page does not.</p></noscript>
      <p class="caption">${thinned}A dot is ok, a cross is fail, a triangle is info, drawn
        when it was due, as high as it took. Operations that never ended are not drawn.
        ${hiddenFaults > 0 && `Nor are the last ${describeCount(hiddenFaults)} faults.`}</p>
    </div>
  </section>`;
}

/** Only the page's own scripts run, and nothing is loaded from anywhere. */
function policyOf(scripts: readonly string[]): string {
  const hashes = scripts.map((script) => {
    const hash = createHash('sha256').update(script).digest('base64');
    return `'sha256-${hash}'`;
  });
  return (
    `default-src 'none'; script-src ${hashes.join(' ')}; style-src 'unsafe-inline'; ` +
    "img-src data:; base-uri 'none'; form-action 'none'"
  );
}

/** A dot in the colour of the verdict, for a row of tabs. */
function iconOf(word: VerdictWords['word']): string {
  const colour = { valid: '#0e9f6e', invalid: '#d4293f', unknown: '#c98a00' }[word];
  const svg =
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">' +
    `<circle cx="8" cy="8" r="7" fill="${colour}"/></svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}

/** A file of this folder or of a package, as text that may stand inside an element. */
function readAsset(url: string): string {
  const text = readFileSync(fileURLToPath(url), 'utf8');
  // The HTML parser turns CRLF into LF, and the hash in the policy must be of what it sees.
  return text.replaceAll('\r\n', '\n');
}
