/**
 * The verdict of a run in words: a headline, the reason, what was tested and what was not.
 *
 * The report and the console say the same. An unknown never reads like a pass, and a pass never
 * like a proof.
 */
import type { Witness } from '../../checker/verdict.ts';
import type { CheckerResult, Validity } from '../checker.ts';
import { describeFamily, describeMissing, inOrder } from './fault-kinds.ts';
import { describeCount, describeDuration, describeMany, joinWords } from './figures.ts';
import type { ResultsRecord, TestRecord } from './run-record.ts';

export interface VerdictWords {
  /** `valid`, `invalid` or `unknown`: also the name of its colour. */
  readonly word: 'valid' | 'invalid' | 'unknown';
  readonly headline: string;
  /** A sentence or more. */
  readonly reason: string;
}

const simulatedLinks = 'Messages that are delayed, overtaken, doubled or lost';

export function wordOf(valid: Validity): VerdictWords['word'] {
  if (valid === 'unknown') return 'unknown';
  return valid ? 'valid' : 'invalid';
}

export function describeVerdict({ test, results }: RunWords): VerdictWords {
  const word = wordOf(results.valid);
  const { linearizability } = results;
  if (word === 'invalid') {
    const reasons = summariesOf(results, false);
    if (linearizability?.valid !== false) {
      const names = checkersOf(results, false).map(({ name }) => name);
      const headline = names.length === 0 ? 'Invalid' : `Violation found by ${joinWords(names)}`;
      return { word, headline, reason: reasons };
    }
    const { witness } = linearizability;
    // The linearizability checker's own summary is that sentence again.
    const isTold = results.checkers.some(({ summary }) => isOfWitness(summary, witness));
    const found = asSentence(describeWitness(witness));
    const reason = isTold ? reasons : `${found} ${reasons}`.trim();
    return { word, headline: 'Not linearizable', reason };
  }
  if (word === 'unknown') {
    const reason = `${summariesOf(results, 'unknown')} This is not a pass.`;
    return { word, headline: 'Unknown', reason };
  }
  const headline = linearizability === null ? 'Valid' : 'Linearizable';
  return { word, headline, reason: validReason({ test, results }) };
}

type Witnessed = Pick<Witness, 'key' | 'sentence'>;

/** The sentence with its key, without which one cannot tell that two operations met. */
export function describeWitness({ key, sentence }: Witnessed): string {
  return key === null ? sentence : `On key ${key}: ${sentence}`;
}

/** Whether a checker's summary is that sentence; older runs have it without the key. */
export function isOfWitness(summary: string, witness: Witnessed): boolean {
  return summary === describeWitness(witness) || summary === witness.sentence;
}

/** The two records of a run that words are made from. */
export interface RunWords {
  readonly test: TestRecord;
  readonly results: ResultsRecord;
}

function validReason({ test, results }: RunWords): string {
  const { linearizability, faults } = results;
  const ordered =
    linearizability === null
      ? 'Every checker is satisfied.'
      : 'For every key there is one order of its operations, consistent with what each client ' +
        `saw and when. All ${describeCount(linearizability.operations)} operations were checked.`;
  const effective = faults.filter((fault) => fault.tookEffect).length;
  const during =
    test.nemesis.length === 0
      ? 'No faults were asked for, so this says nothing about failures.'
      : `${describeMany(effective, 'fault')} took effect meanwhile.`;
  const bug = test.bug === null ? '' : ` The planted bug ${test.bug} was not found by this run.`;
  return `${ordered} ${during}${bug}`;
}

/** What nodes printed and how they ended is the trace of a fault that others say in words. */
const toldLast: readonly string[] = ['exits', 'logs'];

/** Checkers with this verdict, what says most first. */
function checkersOf({ checkers }: ResultsRecord, valid: Validity): readonly CheckerResult[] {
  const found = checkers.filter((checker) => checker.valid === valid);
  const rank = ({ name }: CheckerResult): number => toldLast.indexOf(name);
  return found.sort((a, b) => rank(a) - rank(b));
}

function summariesOf(results: ResultsRecord, valid: Validity): string {
  return checkersOf(results, valid)
    .map(({ summary }) => asSentence(summary))
    .join(' ');
}

/** With a capital and a full stop. */
export function asSentence(text: string): string {
  const trimmed = text.trim();
  if (trimmed === '') return '';
  const capital = /^[a-z]+ /.test(trimmed) ? trimmed[0]?.toUpperCase() + trimmed.slice(1) : trimmed;
  return /[.!?]$/.test(capital) ? capital : `${capital}.`;
}

/** What the run exercised, a sentence each. */
export function describeTested({ test, results }: RunWords): string[] {
  const { stats, faults } = results;
  const kinds = stats.byF.map(({ f, ok, fail, info }) => `${describeCount(ok + fail + info)} ${f}`);
  const where = { docker: 'containers', process: 'processes', sim: 'simulated nodes' };
  const tested = [
    `${test.nodes.length} ${where[test.cluster.kind]} of ${test.system}` +
      (test.bug === null ? '' : `, with the planted bug ${test.bug}`),
    `${describeMany(stats.invoked, 'operation')} (${joinWords(kinds)}) by ` +
      `${describeMany(test.concurrency, 'client')} on ${describeMany(stats.keys, 'key')}, ` +
      `in ${describeDuration(stats.durationNs)}`,
  ];
  if (test.cluster.kind === 'sim') tested.push(simulatedLinks);
  for (const f of inOrder(faults.map((fault) => fault.f))) {
    const ofKind = faults.filter((fault) => fault.f === f);
    const effective = ofKind.filter((fault) => fault.tookEffect).length;
    if (effective === 0) continue;
    const vain = ofKind.length - effective;
    const words = describeFamily(f, test.cluster.kind);
    tested.push(`${words}: ${effective} took effect${vain > 0 ? `, ${vain} did not` : ''}`);
  }
  const facts = test.workloadFacts;
  if (facts !== null && isDecided(results)) tested.push(`Looked for: ${facts.finds.join(', ')}`);
  return tested;
}

/** Whether the search for what the workload can find came to its end. */
function isDecided({ linearizability }: ResultsRecord): boolean {
  return linearizability !== null && linearizability.valid !== 'unknown';
}

/** What nobody may conclude from the run. */
export function describeNotTested({ test, results }: RunWords): string[] {
  const effective = new Set(results.faults.filter((fault) => fault.tookEffect).map(({ f }) => f));
  const facts = test.workloadFacts;
  const undecided =
    facts === null || isDecided(results)
      ? []
      : [`Whether there are ${facts.finds.join(', ')}: the check did not come to its end`];
  return [
    ...undecided,
    ...describeMissing(effective, test.cluster.kind),
    ...(facts?.cannotFind ?? []).map((what) => `With this workload: ${what}`),
    'Byzantine behaviour: a node that lies or forges',
    'Wrong or skewed clocks',
    'Transactions over several keys',
    'Other interleavings: a run is evidence, not a proof',
  ];
}
