/**
 * A workload from outside, watched while it is used: what fails in it says where in the file, what
 * it gives is looked at each time, and what no seed decides is refused.
 *
 * A generator is a pure value. One that draws its own random numbers or looks at a clock would make
 * the line that repeats a run a lie.
 */

import { describeWithPlace } from '../check/place-in-file.ts';
import type { Checker } from '../checker.ts';
import type { Generator } from '../generator.ts';
import type { Workload } from '../workload.ts';
import { describeBadGenerator, describeBadNext } from './describe-bad-workload.ts';

/** There is no such workload, it is not one, or it failed. The message says what to change. */
export class WorkloadError extends Error {
  override readonly name = 'WorkloadError';
}

/** A part of a workload's file, for complaints. */
interface Part {
  readonly path: string;
  readonly member: string;
}

/** The same workload, guarded. `path` is the file's, absolute. */
export function guardWorkload(workload: Workload, path: string): Workload {
  const { checkers, fs } = workload;
  const part = (member: string): Part => ({ path, member });
  const generators = (member: string, create: () => Generator): Generator =>
    guardGenerator(inside(part(member), create), part(member), fs);
  return {
    ...workload,
    size: (request) => inside(part('size'), () => workload.size(request)),
    createGenerator: (size) => generators('createGenerator', () => workload.createGenerator(size)),
    createProbe: (attempt) => inside(part('createProbe'), () => workload.createProbe(attempt)),
    createFinalGenerator: (context) =>
      generators('createFinalGenerator', () => workload.createFinalGenerator(context)),
    ...(checkers?.add === undefined
      ? {}
      : { checkers: { ...checkers, add: checkers.add.map((each) => guardChecker(each, path)) } }),
  };
}

function guardGenerator(inner: Generator, part: Part, fs: readonly string[]): Generator {
  refuseBad(part, describeBadGenerator(inner));
  return {
    op: (context) => {
      const next = inside(part, () => inner.op(context));
      refuseBad(part, describeBadNext(next, fs));
      if (next.type === 'done') return next;
      return { ...next, generator: guardGenerator(next.generator, part, fs) };
    },
    update: (event) =>
      guardGenerator(
        inside(part, () => inner.update(event)),
        part,
        fs,
      ),
  };
}

function refuseBad({ member }: Part, bad: string | null): void {
  if (bad !== null) throw new WorkloadError(`${member}: ${bad}`);
}

/** Clocks are allowed here: nothing that a run does depends on it. */
function guardChecker(checker: Checker, path: string): Checker {
  return {
    ...checker,
    check: async (run) => {
      try {
        return await checker.check(run);
      } catch (error) {
        throw new WorkloadError(describeWithPlace(error, path), { cause: error });
      }
    },
  };
}

/** Runs code of the file, which must be synchronous. Throws WorkloadError. */
export function inside<T>({ path, member }: Part, work: () => T): T {
  const { random } = Math;
  const { Date: RealDate, performance } = globalThis;
  const { now } = performance;
  Math.random = refuse('Math.random', 'random() of the context is drawn from the seed');
  performance.now = refuse('performance.now', time);
  globalThis.Date = timelessDate;
  try {
    return work();
  } catch (error) {
    throw new WorkloadError(`${member}: ${describeWithPlace(error, path)}`, { cause: error });
  } finally {
    Math.random = random;
    performance.now = now;
    globalThis.Date = RealDate;
  }
}

const time = 'timeNs of the context is the time of the run';

function refuse(what: string, instead: string): () => never {
  return () => {
    throw new Error(`${what} was asked, so the run could not be repeated; ${instead}`);
  };
}

const refuseNow = refuse('The clock', time);

/** Dates that are said are dates; today is none. */
const timelessDate: DateConstructor = new Proxy(Date, {
  get: (target, name) => (name === 'now' ? refuseNow : Reflect.get(target, name)),
  apply: refuseNow,
  construct: (target, args) => (args.length === 0 ? refuseNow() : Reflect.construct(target, args)),
});
