/**
 * Were the promises of Raft kept, whatever the clients have seen of it. [Fig. 3]
 *
 * Three witnesses: the traces of the nodes, each in its own order; what nodes said when they were
 * asked; and in the simulation the referee, which saw every event of all in their order.
 */
import type { CheckedRun, Checker, CheckerResult } from '../checker.ts';
import { describeMany, joinWords } from '../report/figures.ts';
import { TraceFacts } from './raft-invariants-facts.ts';
import { judgeSamples } from './raft-invariants-samples.ts';
import { judgeTraces, type TraceSummary } from './raft-invariants-trace.ts';

const name = 'raft-invariants';

export const raftInvariants: Checker = {
  name,
  description:
    'election safety, leader append-only, log matching, leader completeness, state machine ' +
    'safety; terms, votes, commit and applied never go back',
  check,
};

function check(run: CheckedRun): CheckerResult {
  const { samples, referee, whyNoTraces } = run;
  const facts = new TraceFacts();
  const harmed = harmedNodes(run);
  const traces = run.traces.filter(({ node }) => !harmed.includes(node));
  const summary = judgeTraces(traces, facts);
  judgeSamples(samples, facts);
  const refereeEvents = referee?.events ?? 0;
  const details = {
    events: summary.events,
    lives: summary.lives,
    terms: facts.leaders.size,
    committed: facts.committed.count,
    hashes: facts.hashCount,
    samples: samples.length,
    referee: referee === null ? null : { ...referee, violations: referee.violations.length },
    violations: [...(referee?.violations ?? []), ...facts.violations.map(sentence)],
    counts: Object.fromEntries(facts.violationCounts),
    troubles: [...summary.unread, ...facts.troubles],
  };
  const blind = [...blindSpots({ ...run, traces }, summary), ...describeHarmed(harmed)];
  const result = { name, details, blind };
  const [first, ...others] = details.violations;
  if (first !== undefined) {
    const more = others.length === 0 ? '' : `; and ${others.length} more, in the details`;
    return { ...result, valid: false, summary: `${first}${more}` };
  }
  const [trouble] = details.troubles;
  if (trouble !== undefined) return { ...result, valid: 'unknown', summary: trouble };
  if (referee !== null && refereeEvents === 0) {
    return { ...result, valid: 'unknown', summary: 'the referee watched and saw nothing' };
  }
  if (samples.length + summary.events + refereeEvents === 0) {
    const why = whyNoTraces ?? 'there are no traces';
    const { introspection } = run.offers;
    const though = introspection ? ', though this system offers it' : '';
    const what = `nothing to compare: ${why}, and no node said anything of itself${though}`;
    return { ...result, valid: introspection ? 'unknown' : true, summary: what };
  }
  return { ...result, valid: true, summary: `nothing broken in ${seen(run, facts, summary)}` };
}

/** A trace does not tell which of its lives began without what the node had promised. */
function harmedNodes({ faults }: CheckedRun): readonly string[] {
  return [...new Set(faults.flatMap(({ impairs }) => impairs.harmed ?? []))].sort();
}

function describeHarmed(harmed: readonly string[]): readonly string[] {
  if (harmed.length === 0) return [];
  return [`what ${joinWords(harmed)} traced: faults took away what was durable there`];
}

function sentence({ promise, what }: { promise: string; what: string }): string {
  return `${promise}: ${what}`;
}

function seen({ samples, referee }: CheckedRun, facts: TraceFacts, traces: TraceSummary): string {
  const words: string[] = [];
  if (referee !== null) {
    const { events, terms, committed } = referee;
    const what = `${describeMany(terms, 'term')}, ${countEntries(committed)}`;
    words.push(`${describeMany(events, 'event')} that the referee saw (${what})`);
  }
  if (traces.events > 0) {
    const { size: terms } = facts.leaders;
    const { lives, events } = traces;
    const ran = `${describeMany(lives, 'life', 'lives')}, ${describeMany(terms, 'term')}`;
    const what = `${ran}, ${countEntries(facts.committed.count)}`;
    words.push(`${describeMany(events, 'event')} of the traces (${what})`);
  }
  words.push(`${describeMany(samples.length, 'answer')} of nodes`);
  return words.join(' and ');
}

function countEntries(count: number): string {
  return describeMany(count, 'entry', 'entries');
}

function blindSpots({ whyNoTraces, referee, traces }: CheckedRun, summary: TraceSummary): string[] {
  const blind = ['what no node told: a trace or an answer that lies is believed'];
  if (referee === null && traces.length === 0) {
    blind.push(`everything between two looks at the nodes: ${whyNoTraces ?? 'no traces'}`);
  }
  if (traces.length > 0) {
    blind.push(
      'what a node did in the moment before it was killed: those lines of its trace are lost',
      'whether a majority had an entry on disk when it was committed: traces share no clock',
    );
  }
  if (summary.unplaced > 0) {
    blind.push(`which entries ${summary.unplaced} of the commits were: their lines were lost`);
  }
  return [...blind, ...summary.unread];
}
