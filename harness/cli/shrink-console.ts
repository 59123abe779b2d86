/**
 * What a shrinking says while it goes on: a live line on a terminal, elsewhere a plain line for
 * each step.
 */
import { type ConsoleOptions, printable } from '../console.ts';
import { describeMany } from '../report/figures.ts';
import { shorten } from '../report/html.ts';
import type { ShrinkProgress } from '../seeds/shrink.ts';

export class ShrinkConsole {
  readonly #options: ConsoleOptions;
  #step = '';
  #isLive = false;

  constructor(options: ConsoleOptions) {
    this.#options = options;
  }

  begin(line: string): void {
    this.end([line]);
  }

  progress(progress: ShrinkProgress): void {
    const { output } = this.#options;
    const { plan, faults } = progress.best;
    const size = [
      describeMany(plan.nodes, 'node'),
      describeMany(plan.ops, 'operation'),
      faults === null ? 'faults by schedule' : describeMany(faults.length, 'fault'),
    ].join(', ');
    const line = `run ${progress.runs} of ${progress.runsMax}: ${progress.step}; so far ${size}`;
    if (output.isTTY) {
      output.write(`\r\u001b[K${shorten(line, output.columns - 1)}`);
      this.#isLive = true;
    } else if (progress.step !== this.#step) output.write(`${line}\n`);
    this.#step = progress.step;
  }

  /** Lines that stay. */
  end(lines: readonly string[]): void {
    const { output } = this.#options;
    if (this.#isLive) output.write('\r\u001b[K');
    this.#isLive = false;
    for (const line of lines) output.write(`${printable(line)}\n`);
  }
}
