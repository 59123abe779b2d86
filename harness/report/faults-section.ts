/**
 * The faults: what was really done, with what was read back of it and what met it; and what was
 * asked for and not done, with the reason.
 */
import { countOutcomes, describeOutcome, listMissed, type MissedFaults } from './fault-words.ts';
import {
  describeCount,
  describeDuration,
  describeMany,
  describeMoment,
  describeValue,
} from './figures.ts';
import { type Html, html, shorten } from './html.ts';
import type { FaultEdge, FaultInterval, FaultMeeting, RunRecord } from './run-record.ts';

const evidenceLengthMax = 2000;
const faultsMax = 200;
const reasonLengthMax = 300;

export function faultsSection({ test, results }: RunRecord): Html {
  const { faults, uninjected } = results;
  const missed = listMissed({ faults: [], uninjected });
  return html`<section id="faults">
    <h2>Faults</h2>
    <p class="lead">What was really done, from its begin to its end in the history, with what was
      read back from where it was done. ${countOutcomes(results)}</p>
    <div class="card">${
      faults.length > 0
        ? faultsTable(faults)
        : html`<p class="muted">${
            test.nemesis.length === 0
              ? 'None were asked for (--nemesis none).'
              : `${test.nemesis.join(', ')} asked for, and none happened.`
          }</p>`
    }</div>
    ${missed.length > 0 && missedCard(missed)}
  </section>`;
}

function missedCard(missed: readonly MissedFaults[]): Html {
  return html`<div class="card" id="faults-missed"><h3>Asked for, and not begun</h3>
    <div class="scroll"><table class="roomy">
    <thead><tr><th>Fault</th><th>Outcome</th><th class="number">Times</th><th>Why</th></tr></thead>
    <tbody>${missed.slice(0, faultsMax).map(
      ({ name, outcome, reason, count }) => html`<tr><td><strong>${shorten(name, 80)}</strong></td>
        <td>${outcomePill(outcome)}</td><td class="number">${describeCount(count)}</td>
        <td>${shorten(reason, reasonLengthMax)}</td></tr>`,
    )}</tbody></table></div>
    ${missed.length > faultsMax && moreInResults(missed.length - faultsMax)}</div>`;
}

function faultsTable(faults: readonly FaultInterval[]): Html {
  const hidden = faults.length - faultsMax;
  return html`<div class="scroll"><table class="roomy">
    <thead><tr><th class="number">No.</th><th>Fault</th><th class="number">Began</th>
      <th class="number">Lasted</th><th>Outcome</th><th>Met</th><th>Evidence</th></tr></thead>
    <tbody>${faults.slice(0, faultsMax).map((fault, index) => faultRow(fault, index + 1))}</tbody>
    </table></div>
    ${hidden > 0 && moreInResults(hidden)}`;
}

function moreInResults(hidden: number): Html {
  return html`<p class="caption">${describeCount(hidden)} more are in results.json.</p>`;
}

function faultRow(fault: FaultInterval, number: number): Html {
  const { f, description, begin, end, outcome, reason, met } = fault;
  const kind = f.replaceAll(/[^a-z-]/g, '');
  const lasted = end === null ? 'to the end' : describeDuration(end.timeNs - begin.timeNs);
  return html`<tr id="fault-${number}"><td class="number">${number}</td>
    <td><span class="nowrap"><i class="swatch f-${kind}"></i><strong>${f}</strong></span><br>
      <span class="muted">${shorten(description, 200)}</span></td>
    <td class="number">${describeMoment(begin.timeNs)}<br>
      <span class="muted">op ${begin.index}</span></td>
    <td class="number">${lasted}</td>
    <td>${outcomePill(outcome)}
      ${reason !== null && reasonLine(reason)}</td>
    <td>${met !== null && meetingCell(met)}</td>
    <td><details><summary>${digestOf(begin)}</summary>
      <p class="evidence-title">At its begin</p>${evidenceList(begin)}
      ${
        end !== null &&
        html`<p class="evidence-title">At its end, op ${end.index}</p>
        ${evidenceList(end)}`
      }</details></td></tr>`;
}

function outcomePill(outcome: MissedFaults['outcome']): Html {
  const colour = outcome === 'injected' ? 'valid' : 'unknown';
  return html`<span class="pill ${colour}">${describeOutcome(outcome)}</span>`;
}

function reasonLine(reason: string): Html {
  return html`<br><span class="muted">${shorten(reason, reasonLengthMax)}</span>`;
}

function meetingCell({ operations, leaderChanges }: FaultMeeting): Html {
  return html`<span class="nowrap">${describeMany(operations, 'operation')}</span><br>
    <span class="nowrap muted">${describeMany(leaderChanges, 'leader change')}</span>`;
}

/** What says most of a proof, in the order of preference. */
const telling: readonly string[] = [
  ...['lost', 'loss', 'readBack', 'changes', 'restarts', 'slowed', 'firstLogIndex', 'answer'],
  ...['after', 'meanwhile'],
];
const digestLengthMax = 60;

/** The proof in a line, above the whole of it. */
function digestOf({ evidence }: FaultEdge): Html | string {
  const name = telling.find((each) => evidence[each] !== undefined);
  if (name === undefined) return 'read back';
  const value = evidence[name];
  const isWords = Array.isArray(value) && value.every((each) => typeof each === 'string');
  return shorten(`${name}: ${isWords ? value.join(', ') : describeValue(value)}`, digestLengthMax);
}

function evidenceList({ evidence }: FaultEdge): Html {
  const entries = Object.entries(evidence);
  if (entries.length === 0) return html`<p class="muted">Nothing was read back.</p>`;
  return html`<dl class="evidence">${entries.map(
    ([name, value]) => html`<dt>${shorten(name, 80)}</dt>
      <dd>${shorten(describeValue(value), evidenceLengthMax)}</dd>`,
  )}</dl>`;
}
