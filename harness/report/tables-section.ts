/**
 * The tables: operations by outcome, errors, latencies.
 */
import { errorsTable } from './errors-table.ts';
import { describeCount, describeLatency } from './figures.ts';
import { type Html, html } from './html.ts';
import type { RunRecord } from './run-record.ts';
import type { OutcomeCounts, RunStats } from './stats.ts';

export function operationsSection({ results }: RunRecord): Html {
  const { stats } = results;
  return html`<section id="operations">
    <h2>Operations</h2>
    <p class="lead"><span class="key ok">ok</span> happened.
      <span class="key fail">fail</span> definitely did not.
      <span class="key info">info</span> may have, or may still: nobody knows.</p>
    <div class="columns">
      <div class="card"><h3>By outcome</h3>${countsTable(stats)}</div>
      <div class="card"><h3>Latency</h3>${latencyTable(stats)}</div>
      <div class="card wide"><h3>Errors</h3>${errorsTable(results)}</div>
    </div>
  </section>`;
}

function countsTable(stats: RunStats): Html {
  const { ok, fail, info } = stats;
  const rows = stats.byF.length > 1 ? [...stats.byF, { f: 'all', ok, fail, info }] : stats.byF;
  return html`<div class="scroll"><table>
    <thead><tr><th>What</th><th class="number">ok</th><th class="number">fail</th>
      <th class="number">info</th><th>Share</th></tr></thead>
    <tbody>${rows.map(
      (counts) => html`<tr><td class="mono">${counts.f}</td>
        <td class="number">${describeCount(counts.ok)}</td>
        <td class="number">${describeCount(counts.fail)}</td>
        <td class="number">${describeCount(counts.info)}</td>
        <td>${shareBar(counts)}</td></tr>`,
    )}</tbody></table></div>`;
}

function shareBar({ ok, fail, info }: OutcomeCounts): Html {
  return html`<span class="share" role="img" aria-label="${ok} ok, ${fail} fail, ${info} info">
    <i class="ok" style="flex:${ok}"></i><i class="fail" style="flex:${fail}"></i>
    <i class="info" style="flex:${info}"></i></span>`;
}

function latencyTable({ latencies }: RunStats): Html {
  if (latencies.length === 0) return html`<p class="muted">No operation was answered.</p>`;
  return html`<div class="scroll"><table>
    <thead><tr><th>What</th><th>Outcome</th><th class="number">p50</th><th class="number">p95</th>
      <th class="number">p99</th><th class="number">max</th></tr></thead>
    <tbody>${latencies.map(
      (row) => html`<tr><td class="mono">${row.f}</td>
        <td><span class="key ${row.type}">${row.type}</span></td>
        ${[row.p50Ms, row.p95Ms, row.p99Ms, row.maxMs].map(
          (latency) => html`<td class="number">${describeLatency(latency)}</td>`,
        )}</tr>`,
    )}</tbody></table></div>`;
}
