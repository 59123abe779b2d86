/**
 * The tables: operations by outcome, errors, latencies, and the faults with their evidence.
 */
import { errorsTable } from './errors-table.ts';
import {
  describeCount,
  describeDuration,
  describeLatency,
  describeMoment,
  describeValue,
} from './figures.ts';
import { type Html, html, shorten } from './html.ts';
import type { FaultEdge, FaultInterval, RunRecord } from './run-record.ts';
import type { OutcomeCounts, RunStats } from './stats.ts';

const evidenceLengthMax = 2000;
const faultsMax = 200;

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

export function faultsSection({ test, results }: RunRecord): Html {
  const { faults } = results;
  return html`<section id="faults">
    <h2>Faults</h2>
    <p class="lead">What was really done, from its begin to its end in the history, with what was
      read back from where it was done.</p>
    <div class="card">${
      faults.length > 0
        ? faultsTable(faults)
        : html`<p class="muted">${
            test.nemesis.length === 0
              ? 'None were asked for (--nemesis none).'
              : `${test.nemesis.join(', ')} asked for, and none happened.`
          }</p>`
    }</div>
  </section>`;
}

function faultsTable(faults: readonly FaultInterval[]): Html {
  const hidden = faults.length - faultsMax;
  return html`<div class="scroll"><table class="roomy">
    <thead><tr><th class="number">No.</th><th>Fault</th><th class="number">Began</th>
      <th class="number">Lasted</th><th>Effect</th><th>Evidence</th></tr></thead>
    <tbody>${faults.slice(0, faultsMax).map((fault, index) => faultRow(fault, index + 1))}</tbody>
    </table></div>
    ${hidden > 0 && moreInResults(hidden)}`;
}

function moreInResults(hidden: number): Html {
  return html`<p class="caption">${describeCount(hidden)} more are in results.json.</p>`;
}

function faultRow(fault: FaultInterval, number: number): Html {
  const { f, description, begin, end, tookEffect } = fault;
  const kind = f.replaceAll(/[^a-z-]/g, '');
  const lasted = end === null ? 'to the end' : describeDuration(end.timeNs - begin.timeNs);
  return html`<tr id="fault-${number}"><td class="number">${number}</td>
    <td><span class="nowrap"><i class="swatch f-${kind}"></i><strong>${f}</strong></span><br>
      <span class="muted">${shorten(description, 200)}</span></td>
    <td class="number">${describeMoment(begin.timeNs)}<br>
      <span class="muted">op ${begin.index}</span></td>
    <td class="number">${lasted}</td>
    <td>${
      tookEffect
        ? html`<span class="pill valid">took effect</span>`
        : html`<span class="pill unknown">no effect</span>`
    }</td>
    <td><details><summary>read back</summary>
      <p class="evidence-title">At its begin</p>${evidenceList(begin)}
      ${
        end !== null &&
        html`<p class="evidence-title">At its end, op ${end.index}</p>
        ${evidenceList(end)}`
      }</details></td></tr>`;
}

function evidenceList({ evidence }: FaultEdge): Html {
  const entries = Object.entries(evidence);
  if (entries.length === 0) return html`<p class="muted">Nothing was read back.</p>`;
  return html`<dl class="evidence">${entries.map(
    ([name, value]) => html`<dt>${shorten(name, 80)}</dt>
      <dd>${shorten(describeValue(value), evidenceLengthMax)}</dd>`,
  )}</dl>`;
}
