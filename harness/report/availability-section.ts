/**
 * What was served, by phase, by node and by fault: the figures of the checker `availability`.
 *
 * Its details come from a file, perhaps of an older version: where they do not look as they should
 * there is no section.
 */
import { z } from 'zod';
import { describeBound, describeShare } from '../checkers/shares.ts';
import { describeCount, describeLatency } from './figures.ts';
import { type Html, html, shorten } from './html.ts';
import type { ResultsRecord, RunRecord } from './run-record.ts';

const counts = {
  ok: z.number(),
  answered: z.number(),
  redirected: z.number(),
  failed: z.number(),
  unknown: z.number(),
};
const share = z.number().nullable();
const figures = z.object({
  ...counts,
  operations: z.number(),
  share,
  /** The same of those that had to be served where they were asked for. */
  due: z.number(),
  dueShare: share,
});

const schema = z.object({
  bound: share,
  phases: z.array(z.object({ phase: z.string(), ...figures.shape })),
  nodes: z.array(
    z.object({
      node: z.string(),
      ...counts,
      share,
      worst: z.object({ phase: z.string(), lost: z.number() }).nullable(),
    }),
  ),
  faults: z.array(
    z.object({
      family: z.string(),
      description: z.string(),
      begin: z.number(),
      servingGroup: z.array(z.string()),
      during: figures,
      after: figures,
      firstSuccessMs: z.number().nullable(),
      backMs: z.record(z.string(), z.number().nullable()),
    }),
  ),
  faultCount: z.number(),
});

type Availability = z.infer<typeof schema>;
type Figures = z.infer<typeof figures>;
type ServedFault = Availability['faults'][number];

const phaseWords: Readonly<Record<string, string>> = {
  before: 'before any fault',
  during: 'during faults',
  after: 'after a healing, until something succeeds',
  healthy: 'between and after faults',
};
const faultsMax = 50;

/** Whether there is a section of it. */
export function hasAvailability(results: ResultsRecord): boolean {
  return availabilityOf(results) !== null;
}

function availabilityOf({ checkers }: ResultsRecord): Availability | null {
  const result = checkers.find(({ name }) => name === 'availability');
  const parsed = schema.safeParse(result?.details);
  return parsed.success ? parsed.data : null;
}

export function availabilitySection({ results }: RunRecord): Html | null {
  const availability = availabilityOf(results);
  if (availability === null) return null;
  const { bound, phases, nodes, faults } = availability;
  return html`<section id="availability">
    <h2>Availability</h2>
    <p class="lead">${
      bound === null
        ? 'No bound was stated, so these figures judge nothing.'
        : `At least ${describeBound(bound)} had to be served, in all and by each node.`
    } A node should have served while it ran in a majority that was connected both ways and that
      nobody outside could disturb.</p>
    <div class="columns">
      <div class="card wide"><h3>By phase</h3>${phasesTable(phases)}</div>
      <div class="card wide"><h3>By node, while it should have served</h3>${nodesTable(nodes)}</div>
      ${
        faults.length > 0 &&
        html`<div class="card wide"><h3>By fault</h3>${faultsTable(availability, results)}</div>`
      }
    </div>
  </section>`;
}

function phasesTable(phases: Availability['phases']): Html {
  return html`<div class="scroll"><table>
    <thead><tr><th>Phase</th><th class="number">Operations</th><th class="number">Served</th>
      <th class="number">At nodes that should serve</th></tr></thead>
    <tbody>${phases.map(
      (row) => html`<tr><td>${phaseWords[row.phase] ?? row.phase}</td>
        <td class="number">${describeCount(row.operations)}</td>
        <td class="number">${shareWords(row.share)}${servedBar(row)}</td>
        <td class="number">${shareWords(row.dueShare)}
          <span class="muted">of ${describeCount(row.due)}</span></td></tr>`,
    )}</tbody></table></div>`;
}

function nodesTable(nodes: Availability['nodes']): Html {
  return html`<div class="scroll"><table class="roomy">
    <thead><tr><th>Node</th><th class="number">Had to serve</th><th class="number">Served</th>
      <th>Lost most of it</th></tr></thead>
    <tbody>${nodes.map((row) => {
      const { ok, answered, redirected, failed, unknown } = row;
      const asked = ok + answered + redirected + failed + unknown;
      return html`<tr><td>${row.node}</td><td class="number">${describeCount(asked)}</td>
        <td class="number">${shareWords(row.share)}${servedBar(row)}</td>
        <td class="muted">${
          row.worst !== null && `${describeCount(row.worst.lost)} ${shorten(row.worst.phase, 160)}`
        }</td></tr>`;
    })}</tbody></table></div>`;
}

function faultsTable({ faults, faultCount }: Availability, results: ResultsRecord): Html {
  const hidden = faultCount - Math.min(faults.length, faultsMax);
  return html`<div class="scroll"><table class="roomy">
    <thead><tr><th class="number">No.</th><th>Fault</th><th>Should serve</th>
      <th class="number">Served during</th><th class="number">First success</th>
      <th>First answer of who came back</th></tr></thead>
    <tbody>${faults.slice(0, faultsMax).map((fault) => faultRow(fault, results))}</tbody>
    </table></div>
    <p class="caption">${hidden > 0 && `${describeCount(hidden)} more are in results.json. `}Times
      count from the healing.</p>`;
}

function faultRow(fault: ServedFault, { faults }: ResultsRecord): Html {
  const number = faults.findIndex(({ begin }) => begin.index === fault.begin) + 1;
  const { family, description, servingGroup, during, firstSuccessMs, backMs } = fault;
  const back = Object.entries(backMs).map(([node, ms]) =>
    ms === null ? `${node} not before the next fault` : `${node} ${describeLatency(ms)}`,
  );
  return html`<tr><td class="number">${
    number > 0 && html`<a href="#fault-${number}">${number}</a>`
  }</td><td><strong>${family}</strong><br>
      <span class="muted">${shorten(description, 200)}</span></td>
    <td>${servingGroup.length === 0 ? 'nobody' : servingGroup.join(' ')}</td>
    <td class="number">${shareWords(during.dueShare)}
      <span class="muted">of ${describeCount(during.due)}</span></td>
    <td class="number">${msWords(firstSuccessMs)}</td>
    <td>${back.join(', ')}</td></tr>`;
}

function msWords(ms: number | null): string {
  return ms === null ? 'not before the next fault' : describeLatency(ms);
}

function shareWords(value: number | null): string {
  return value === null ? '–' : describeShare(value);
}

function servedBar(row: Pick<Figures, keyof typeof counts>): Html {
  const { failed, unknown } = row;
  const served = row.ok + row.answered + row.redirected;
  const label = `${served} served, ${failed} failed, ${unknown} unknown`;
  return html`<span class="share" role="img" aria-label="${label}">
    <i class="ok" style="flex:${served}"></i><i class="fail" style="flex:${failed}"></i>
    <i class="info" style="flex:${unknown}"></i></span>`;
}
