/**
 * One measurement of `npm run bench:harness`, in a process of its own so that the peak of memory is
 * its own. Forked by harness.ts: takes one request, answers with the figures.
 */
import { type LoadPlan, measureGenerator } from './harness-generator.ts';
import { measureRun, type RunFigures, type RunRequest } from './harness-run.ts';

export type BenchRequest =
  | { readonly type: 'run'; readonly run: RunRequest }
  | { readonly type: 'generator'; readonly plan: LoadPlan };

export type BenchAnswer =
  | { readonly type: 'run'; readonly figures: RunFigures }
  | { readonly type: 'generator'; readonly us: number }
  | { readonly type: 'failed'; readonly why: string };

async function answer(request: BenchRequest): Promise<BenchAnswer> {
  try {
    if (request.type === 'run') return { type: 'run', figures: await measureRun(request.run) };
    return { type: 'generator', us: await measureGenerator(request.plan) };
  } catch (error) {
    return { type: 'failed', why: error instanceof Error ? error.message : String(error) };
  }
}

process.once('message', (request: BenchRequest) => {
  void answer(request).then((answered) => {
    process.send?.(answered);
    process.disconnect();
  });
});
