/** The data of a diagram, from the record of a run and what was kept of its messages. */
import type { Op } from '../../checker/history.ts';
import type { RunRecord } from './run-record.ts';
import type { DrawnFault, DrawnOperation, SpaceTimeData } from './space-time-data.ts';
import { describeVerdict, describeWitness } from './verdict-words.ts';

/** What was kept while the run went on. */
export type KeptOfRun = Pick<
  SpaceTimeData,
  'nodes' | 'types' | 'messages' | 'leftOut' | 'roles' | 'downs' | 'marks' | 'progress'
>;

const wordsMax = 160;

export function spaceTimeOf(run: RunRecord, kept: KeptOfRun, endUs: number): SpaceTimeData {
  const { test, results } = run;
  const { word, headline } = describeVerdict(run);
  const operations = operationsOf(run, kept.nodes);
  const worst = results.checkers.find(({ valid }) => valid === results.valid);
  return {
    ...kept,
    ...{ title: test.name, word, repeat: test.repeat, endUs, operations },
    summary: results.valid === true ? headline : (worst?.summary ?? headline),
    faults: results.faults.map((fault): DrawnFault => {
      const { f, description, nodes, tookEffect, begin, end } = fault;
      const places = nodes.map((node) => kept.nodes.indexOf(node)).filter((place) => place >= 0);
      const toUs = end === null ? endUs : end.timeNs / 1000;
      return { f, description, fromUs: begin.timeNs / 1000, toUs, nodes: places, tookEffect };
    }),
    violationUs: violationOf(run, operations, kept),
  };
}

/** When the last operation of the witness ended, the referee saw it, or a node ended by itself. */
function violationOf(
  { results }: RunRecord,
  operations: readonly DrawnOperation[],
  { marks }: KeptOfRun,
): number | null {
  if (results.valid !== false) return null;
  const times = operations.flatMap(({ isWitness, toUs }) => (isWitness ? (toUs ?? []) : []));
  if (times.length > 0) return Math.max(...times);
  const broken = results.checkers.filter(({ valid }) => valid === false);
  const [, ms] =
    broken
      .map(({ summary }) => summary)
      .join()
      .match(/ at ([\d.]+) ms\)/) ?? [];
  if (ms !== undefined) return Math.round(Number(ms) * 1000);
  const exit = marks.find(([, , words]) => words.startsWith('ends by itself'));
  return exit?.[0] ?? null;
}

function operationsOf(run: RunRecord, nodes: readonly string[]): readonly DrawnOperation[] {
  const witness = witnessIndexes(run);
  const open = new Map<number, Op>();
  const drawn: DrawnOperation[] = [];
  const add = (invoke: Op, end: Op | null): void => {
    const node = nodes.indexOf(end?.node ?? invoke.node ?? '');
    const outcome = end === null || end.type === 'invoke' ? 'info' : end.type;
    const isWitness = witness.has(invoke.index) || (end !== null && witness.has(end.index));
    drawn.push({
      ...{ process: Number(invoke.process), node, outcome, isWitness },
      fromUs: invoke.timeNs / 1000,
      toUs: end === null ? null : end.timeNs / 1000,
      words: wordsOf(invoke, end),
    });
  };
  for (const op of run.ops) {
    if (op.process === 'nemesis') continue;
    const invoke = open.get(op.process);
    if (op.type === 'invoke') open.set(op.process, op);
    else if (invoke !== undefined) {
      open.delete(op.process);
      add(invoke, op);
    }
  }
  for (const invoke of open.values()) add(invoke, null);
  return drawn.sort((one, other) => one.fromUs - other.fromUs);
}

/** Lines of the history that the verdict's sentence names; of one that names none, the witness. */
function witnessIndexes({ results }: RunRecord): ReadonlySet<number> {
  const { linearizability } = results;
  if (linearizability?.valid !== false) return new Set();
  const { witness } = linearizability;
  const named = [...describeWitness(witness).matchAll(/\(op (\d+)\)/g)];
  if (named.length > 0) return new Set(named.map(([, index]) => Number(index)));
  return new Set(witness.operations.map(({ id }) => id));
}

function wordsOf(invoke: Op, end: Op | null): string {
  const { f, key, value, index } = invoke;
  const about = key === undefined ? '' : ` of key ${key}`;
  const asked = value === null ? '' : ` ${JSON.stringify(value)}`;
  const answer = end === null ? 'never answered' : answerOf(end);
  const words = `op ${index}: ${f}${about}${asked}: ${answer}`;
  return words.length > wordsMax ? `${words.slice(0, wordsMax - 1)}…` : words;
}

function answerOf({ type, value, error }: Op): string {
  if (error !== undefined) return `${type} ${error.code}`;
  return value === null ? type : `${type} ${JSON.stringify(value)}`;
}
