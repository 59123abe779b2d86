/**
 * A workload: what is asked of a system, and the model that the answers must fit.
 */
import type { Generator } from './generator.ts';

export interface WorkloadOptions {
  /** Keys in use at a time. */
  readonly keyCount: number;
  readonly opsPerKey: number;
}

export interface Workload {
  readonly name: string;
  /** One sentence for `--help` and the report. */
  readonly description: string;
  /** Name of the checker's model. */
  readonly model: 'register' | 'cas-register';
  /** The operations that it needs from a system. */
  readonly fs: readonly string[];
  /** Endless; the run bounds it. */
  createGenerator(options: WorkloadOptions): Generator;
}
