/**
 * Tries a workload that came from outside before a cluster is started: a mistake that shows only
 * after minutes of a run is the dearest. Its functions are pure, so trying them changes nothing.
 *
 * Nothing that it asks is answered here: each operation fails, or its outcome is unknown. Asked a
 * second time with the same seed, a generator must ask the same.
 */
import type { Op } from '../../checker/history.ts';
import type { Model } from '../../checker/model.ts';
import { ModelError } from '../check/load-model.ts';
import type { Generator, OpTemplate } from '../generator.ts';
import { createRandomStream } from '../run/random.ts';
import type { SizeRequest, Workload } from '../workload.ts';
import { describeBadOperation, describeBadSize } from './describe-bad-workload.ts';
import { WorkloadError } from './guard-workload.ts';

/** A run like any other, as far as sizes depend on it. */
const request: SizeRequest = {
  keyCount: null,
  opsPerKey: null,
  concurrency: 10,
  rate: 500,
  timeLimitS: 30,
  opCount: null,
};
const operationsMax = 300;
const turnsMax = 3000;
const turnNs = 2e6;

/** What the first function gives that is wrong; of a guarded workload (guard-workload.ts). */
export function describeFailedTrial(workload: Workload, model: Model): string | null {
  try {
    return (
      said('size', describeBadSize(workload.size(request))) ??
      said('createGenerator', describeGenerator(workload)) ??
      said('model', describeModel(workload, model)) ??
      said('createProbe', describeProbe(workload)) ??
      said('createFinalGenerator', describeFinal(workload))
    );
  } catch (error) {
    if (error instanceof WorkloadError) return error.message;
    if (error instanceof ModelError) return `model: ${error.message}`;
    throw error;
  }
}

function said(member: string, bad: string | null): string | null {
  return bad === null ? null : `${member}: ${bad}`;
}

function describeGenerator(workload: Workload): string | null {
  const first = askAll(workload.createGenerator(workload.size(request)));
  if (first.hasEnded) {
    const after = first.asked.length === 0 ? 'has nothing to ask' : 'comes to an end';
    return `it ${after}, and must be endless: the run bounds it`;
  }
  const second = askAll(workload.createGenerator(workload.size(request)));
  return describeDifference(first.asked, second.asked);
}

/** What is asked must be what the model takes; without an answer its effect alone counts. */
function describeModel(workload: Workload, model: Model): string | null {
  const { templates } = askAll(workload.createGenerator(workload.size(request)));
  const states = new Map<string | null, unknown>();
  for (const [position, { f, key = null, value }] of templates.entries()) {
    const call = 2 * position;
    const operation = { ...{ id: call, process: 0, f, key, value }, ...{ call, return: null } };
    const bad = model.check({ ...operation, output: undefined });
    if (bad !== null) return bad;
    const state = states.has(key) ? states.get(key) : model.init;
    const next = model.step(state, { ...operation, output: undefined });
    if (next !== undefined) states.set(key, next);
  }
  return null;
}

function describeFinal(workload: Workload): string | null {
  const create = () => workload.createFinalGenerator({ keys: ['0'], ops: [] });
  return describeDifference(askAll(create()).asked, askAll(create()).asked);
}

function describeProbe(workload: Workload): string | null {
  const probe = workload.createProbe(0);
  const again = JSON.stringify(workload.createProbe(0));
  return (
    describeBadOperation(probe, workload.fs) ?? describeDifference([JSON.stringify(probe)], [again])
  );
}

function describeDifference(first: readonly string[], second: readonly string[]): string | null {
  const at = first.findIndex((operation, position) => operation !== second[position]);
  if (at === -1) return null;
  return (
    `operation ${at + 1} is ${first[at]} the first time and ${second[at] ?? 'nothing'} the ` +
    'second, with the same seed: what it depends on must be in the generator and in random() ' +
    'of the context'
  );
}

interface Asked {
  readonly templates: readonly OpTemplate[];
  /** Each as JSON. */
  readonly asked: readonly string[];
  readonly hasEnded: boolean;
}

/** Ten clients in turn, each done with its operation before the next is asked. */
function askAll(generator: Generator): Asked {
  const random = createRandomStream(1, 'trial');
  const processes = Array.from({ length: request.concurrency }, (_, thread) => thread);
  const asked: string[] = [];
  const templates: OpTemplate[] = [];
  let current = generator;
  for (let turn = 0; turn < turnsMax && asked.length < operationsMax; turn++) {
    const thread = turn % processes.length;
    const process = processes[thread] ?? thread;
    const timeNs = turn * turnNs;
    const next = current.op({ timeNs, random, process, thread });
    if (next.type === 'done') return { templates, asked, hasEnded: true };
    current = next.generator;
    if (next.type === 'pending') continue;
    const index = asked.length * 2;
    const invoked: Op = { ...next.op, index, timeNs, process, node: 'n1', type: 'invoke' };
    templates.push(next.op);
    const isUnknown = asked.push(JSON.stringify(next.op)) % 4 === 0;
    const type = isUnknown ? 'info' : 'fail';
    const error = { code: 'trial' };
    current = current.update(invoked).update({ ...invoked, index: index + 1, type, error });
    if (isUnknown) processes[thread] = process + processes.length;
  }
  return { templates, asked, hasEnded: false };
}
