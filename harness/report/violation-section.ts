/**
 * A violation: the sentence, the few operations as lanes, and a table of them.
 */
import type { Operation } from '../../checker/history.ts';
import type { InvalidVerdict } from '../../checker/verdict.ts';
import { stuckOf } from '../../checker/witness-lanes.ts';
import { renderWitnessSvg } from '../../checker/witness-svg.ts';
import { outcomeOf } from '../../checker/witness-words.ts';
import { describeMany, describeValue } from './figures.ts';
import { type Html, html, rawHtml, shorten } from './html.ts';
import { argumentOf } from './operation-words.ts';
import type { RunRecord } from './run-record.ts';
import { asSentence } from './verdict-words.ts';

const proofs = {
  'brute-force': 'Every order of these operations alone was tried, and none is allowed.',
  search: 'A search over these operations alone found no order that is allowed.',
};

/** Nothing when there is no violation of linearizability. */
export function violationSection({ results }: RunRecord): Html | null {
  const verdict = results.linearizability;
  if (verdict === null || verdict.valid !== false) return null;
  const { witness } = verdict;
  const key = witness.key === null ? '' : ` of key ${shorten(describeValue(witness.key), 40)}`;
  const openEndedNote = html`<li>Where a bar ends in dots, only its beginning matters.</li>`;
  return html`<section id="violation">
    <h2>The operations that cannot be ordered</h2>
    <p class="lead">${describeMany(witness.operations.length, 'operation')}${key}, out of
      ${describeMany(verdict.operations, 'operation')}. ${otherKeys(verdict)}</p>
    <div class="card violation">
      <p class="violation-sentence"><span class="pill invalid">${witness.kind}</span>
        ${shorten(asSentence(witness.sentence), 1200)}</p>
      <div class="lanes-box" tabindex="0" role="group" aria-label="Drawing, scrolls sideways">
        ${rawHtml(renderWitnessSvg(witness, { linkTo: (id) => `#op-${id}` }))}</div>
      <ul class="lanes-key">
        <li>A bar runs from an invocation to its completion.</li>
        <li>Numbers are the longest order that was found, with the state after each.</li>
        <li>Red is the operation that fits nowhere.</li>
        ${witness.openEnded.length > 0 && openEndedNote}
        <li>A bar that fades out had no answer.</li>
        <li>Left to right is the order of the history, not time.</li>
      </ul>
      ${witnessTable(verdict)}
      <p class="caption">${witness.confirmedBy !== null && proofs[witness.confirmedBy]}
        An operation's number is the index of its invocation: line number less two in
        <a href="history.jsonl">history.jsonl</a>.</p>
    </div>
  </section>`;
}

function otherKeys({ keys }: InvalidVerdict): Html | null {
  if (keys.length < 2) return null;
  const names = keys.slice(1).map((key) => describeValue(key));
  const more = shorten(names.join(', '), 200);
  return html`${describeMany(names.length, 'other key')} cannot be ordered either: ${more}.`;
}

function witnessTable({ witness }: InvalidVerdict): Html {
  const stuck = stuckOf(witness.operations, witness.longestOrder)?.id;
  return html`<div class="scroll"><table class="roomy">
    <thead><tr><th>Order</th><th>Op</th><th>Process</th><th>Node</th><th>What</th>
      <th>Argument</th><th>Outcome</th><th class="number">Invoked</th>
      <th class="number">Completed</th></tr></thead>
    <tbody>${witness.operations.map((operation) =>
      witnessRow(operation, {
        place: witness.longestOrder.indexOf(operation.id) + 1,
        isStuck: operation.id === stuck,
      }),
    )}</tbody></table></div>`;
}

function witnessRow(
  operation: Operation,
  { place, isStuck }: { readonly place: number; readonly isStuck: boolean },
): Html {
  const { id, process, node, f } = operation;
  const mark = isStuck ? '✕' : place > 0 ? String(place) : '–';
  return html`<tr id="op-${id}" class="${isStuck ? 'stuck' : ''}">
    <td><span class="order-place">${mark}</span></td>
    <td><a href="#op-${id}">${id}</a></td><td>${process}</td><td>${node ?? ''}</td>
    <td class="mono">${f}</td><td class="mono">${shorten(argumentOf(operation), 120)}</td>
    <td>${shorten(outcomeOf(operation), 160)}</td>
    <td class="number">${operation.call}</td>
    <td class="number">${operation.return ?? 'never'}</td></tr>`;
}
