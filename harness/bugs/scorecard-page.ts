/**
 * bugs.html: the scorecard as one self-contained page, without a script. It opens from disk and
 * asks nothing of any network.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describeCount } from '../report/figures.ts';
import { type Html, html, rawHtml } from '../report/html.ts';
import type { Bug } from './bug.ts';
import { describeScore, type ScoreRow, scoreOf } from './scorecard.ts';

export interface ScorecardPage {
  readonly rows: readonly ScoreRow[];
  /** All that there are; a row without one is of the clean server. */
  readonly bugs: readonly Bug[];
  readonly commit: string;
  /** How the harness was run, in words. */
  readonly command: string;
}

export function renderScorecard({ rows, bugs, commit, command }: ScorecardPage): string {
  const style = readFileSync(
    fileURLToPath(import.meta.resolve('../report/page/report-page.css')),
    'utf8',
  );
  const score = scoreOf(rows);
  const isGood = score.missed.length === 0 && score.alarms === 0;
  const word = isGood ? 'valid' : 'invalid';
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${describeCount(score.found)} of ${describeCount(score.bugs)} planted bugs · rafture</title>
<style>${rawHtml(style)}</style>
</head>
<body>
<div class="bar-top"><div><span class="brand">rafture</span>
  <span class="pill ${word}">${describeCount(score.found)} of ${describeCount(score.bugs)}</span>
</div></div>
<main class="page">
<section>
  <h1>Planted bugs</h1>
  <p class="lead">${describeScore(score)}.</p>
  <p class="muted">Sources ${commit}. Each bug is a small edit of the reference server; the command
    line of the harness was run against each. Made by <code>${command}</code></p>
</section>
${section(
  'Bugs',
  rows.filter(({ family }) => family !== null),
  bugs,
)}
${section(
  'Servers without a bug',
  rows.filter(({ family }) => family === null),
  bugs,
)}
</main>
</body>
</html>
`.toString();
}

function section(title: string, rows: readonly ScoreRow[], bugs: readonly Bug[]): Html | string {
  if (rows.length === 0) return '';
  return html`<section><h2>${title}</h2><div class="card"><div class="scroll"><table>
  <thead><tr><th>What</th><th>Where</th><th>Found by</th><th class="number">In seeds</th>
    <th class="number">Unknown</th>
    <th class="number">First</th><th class="number">Median seeds</th>
    <th class="number">Median seconds</th></tr></thead>
  <tbody>${rows.map((row) => rowHtml(row, bugs.find(({ id }) => id === row.id) ?? null))}</tbody>
  </table></div></div></section>`;
}

function rowHtml(row: ScoreRow, bug: Bug | null): Html {
  const { id, title, family, rows, cluster, firstSeed, medianSeeds, medianSeconds } = row;
  return html`<tr id="${cluster}-${id}">
    <td><details><summary><span class="mono">${id}</span> ${title}</summary>
      ${bug !== null && aboutBug(bug)}${example(row)}</details></td>
    <td>${[family ?? '', rows.join(' '), cluster].filter((word) => word !== '').join(' · ')}</td>
    <td>${foundBy(row)}</td>
    <td class="number">${describeCount(row.foundSeeds)} of ${describeCount(row.seedsRun)}</td>
    <td class="number">${describeCount(row.unknown)}</td>
    <td class="number">${firstSeed ?? ''}</td>
    <td class="number">${medianSeeds ?? ''}</td>
    <td class="number">${medianSeconds === null ? '' : medianSeconds.toFixed(1)}</td></tr>`;
}

function foundBy({ family, isFound, oracles, problem }: ScoreRow): Html {
  if (problem !== null) return html`<span class="pill unknown">not run</span> ${problem}`;
  const isCalm = family === null;
  const word = isFound === isCalm ? 'invalid' : 'valid';
  const text = isCalm
    ? isFound
      ? `alarm: ${oracles.join(', ')}`
      : 'no alarm'
    : isFound
      ? oracles.join(', ')
      : 'not found';
  return html`<span class="pill ${word}">${text}</span>`;
}

function aboutBug({ mechanism, exposedBy, citations, expect }: Bug): Html {
  const expected = [...new Set(expect.map(({ checker }) => checker))].join(', ');
  return html`<p>${mechanism}</p>
    <p class="muted">Shown by ${exposedBy}. Expected of: ${expected || 'nobody'}.</p>
    ${citations.length > 0 && html`<p class="muted">${citations.join('; ')}</p>`}`;
}

function example({ example: shown, shrunk }: ScoreRow): Html | string {
  if (shown === null) return '';
  return html`<p>Seed ${shown.seed}: ${shown.summary}</p><pre>${shown.repeat}</pre>
    ${shrunk !== null && html`<p>The smallest run that shows it:</p><pre>${shrunk}</pre>`}`;
}
