/**
 * sim.html: a series of seeds as one self-contained page, without a script. It opens from disk and
 * asks nothing of any network.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describeCount, describeDuration, describeMany } from '../report/figures.ts';
import { type Html, html, rawHtml } from '../report/html.ts';
import type { OutcomeCounts } from './seed-tally.ts';
import type { SeriesFile } from './series-file.ts';

export interface SeriesWords {
  readonly verdict: string;
  readonly word: 'valid' | 'invalid' | 'unknown';
}

export function renderSeries(file: SeriesFile, { verdict, word }: SeriesWords): string {
  const style = readFileSync(
    fileURLToPath(new URL('../report/page/report-page.css', import.meta.url)),
    'utf8',
  );
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${describeMany(file.seedsRun, 'seed')}, ${word} · rafture</title>
<style>${rawHtml(style)}</style>
</head>
<body>
<div class="bar-top"><div><span class="brand">rafture</span>
  <span class="pill ${word}">${word}</span></div></div>
<main class="page">
${headSection(file, verdict)}
${groupsSection(file)}
${workloadsSection(file)}
</main>
</body>
</html>
`.toString();
}

function headSection(file: SeriesFile, verdict: string): Html {
  const { seedsRun, wallSeconds, earlier, totals, commit, code, firstSeed, bug, args } = file;
  const now = seedsRun - earlier;
  const before = earlier === 0 ? '' : ` and ${describeMany(earlier, 'seed')} before`;
  const words = [
    ...(args.length === 0 ? [] : [`with ${args.join(' ')}`]),
    ...(file.shard === null ? [] : [`part ${file.shard} of the seeds`]),
    ...(file.codeChanged
      ? ['the code was changed while they ran: they are not of one series']
      : []),
  ];
  return html`<section>
  <h1>${bug === null ? 'The server as it is' : `Planted bug ${bug}`}</h1>
  <p class="lead">${verdict}.</p>
  <p>${describeMany(now, 'seed')} in ${describeDuration(wallSeconds * 1e9)}${before}, from seed
    ${firstSeed} on: ${describeMany(totals.lines, 'line')} of history,
    ${describeMany(totals.faults, 'fault')}, ${describeMany(totals.messages, 'message')},
    ${describeDuration(totals.virtualMs * 1e6)} of virtual time.</p>
  <p class="muted">Commit ${commit}, code ${code}${words.map((each) => html`; ${each}`)}. A seed
    that is unknown tested too little to tell, and is no pass.</p>
</section>`;
}

function groupsSection({ groups }: SeriesFile): Html | string {
  if (groups.length === 0) return '';
  return html`<section><h2>What was not valid</h2><div class="card"><div class="scroll"><table>
  <thead><tr><th>What</th><th class="number">Seeds</th><th class="number">Shortest</th>
    <th class="number">Lines</th><th class="number">Faults</th></tr></thead>
  <tbody>${groups.map(groupRow)}</tbody></table></div></div></section>`;
}

function groupRow({ outcome, count, seeds, shortest }: SeriesFile['groups'][number]): Html {
  const { findings, workload, repeat, test, lines, faults, seed, traceHash } = shortest;
  const [worst] = findings;
  const word = outcome === 'unknown' ? 'unknown' : 'invalid';
  return html`<tr>
    <td><details><summary><span class="pill ${word}">${outcome}</span>
      ${worst?.oracle ?? ''}: ${worst?.summary ?? ''}</summary>
      ${findings.slice(1).map(({ oracle, summary }) => html`<p>${oracle}: ${summary}</p>`)}
      <pre>${repeat}</pre>
      <p class="muted">The same by itself, without what a seed draws:</p>
      <pre>npx rafture test ${test}</pre>
      <p class="muted">Workload ${workload}${traceHash === null ? '' : `, trace ${traceHash}`};
        seeds ${seeds.join(', ')}${count > seeds.length && ' and others'}.</p></details></td>
    <td class="number">${describeCount(count)}</td>
    <td class="number">${seed}</td>
    <td class="number">${describeCount(lines)}</td>
    <td class="number">${faults}</td></tr>`;
}

function workloadsSection({ workloads, counts }: SeriesFile): Html {
  const rows = Object.entries(workloads);
  return html`<section><h2>By workload</h2><div class="card"><div class="scroll"><table>
  <thead><tr><th>Workload</th><th class="number">Valid</th><th class="number">Invalid</th>
    <th class="number">Unknown</th><th class="number">Crashed</th></tr></thead>
  <tbody>${rows.map(([name, own]) => workloadRow(name, own))}${workloadRow('all', counts)}</tbody>
  </table></div></div></section>`;
}

function workloadRow(name: string, { valid, invalid, unknown, crashed }: OutcomeCounts): Html {
  const cells = [valid, invalid, unknown, crashed].map(
    (count) => html`<td class="number">${describeCount(count)}</td>`,
  );
  return html`<tr><td>${name}</td>${cells}</tr>`;
}
