import { describe, expect, it } from 'vitest';
import { workloads } from '../../workloads/index.ts';
import { loadModel } from '../check/load-model.ts';
import { guardWorkload } from './guard-workload.ts';
import { describeFailedTrial } from './workload-trial.ts';

describe('the trial of a workload', () => {
  it.each(workloads)('finds nothing wrong with $name', async (workload) => {
    const guarded = guardWorkload(workload, '/nowhere.ts');
    expect(describeFailedTrial(guarded, await loadModel(workload.model))).toBe(null);
  });
});
