/**
 * A worker of `rafture sim`: a child process that runs the seeds it is sent, one after the other,
 * and answers with what came of each. It writes nothing, and does not outlive who sent it.
 */
import { watchParent } from '../seeds/parent-watch.ts';
import type { SeedResult } from '../seeds/seed-result.ts';
import type { WorkerOrder, WorkerWord } from '../seeds/worker-words.ts';
import { loadServerCode, ownServerCode, type ServerCode } from '../simulation/server-code.ts';
import { runSeed } from './sim-run.ts';
import { planOf, type SimTask } from './sim-task.ts';

const waiting: number[] = [];
let running: Promise<void> = watchParent();
let server: Promise<ServerCode> | null = null;
let task: SimTask | null = null;

function obey(order: WorkerOrder<SimTask>): void {
  switch (order.kind) {
    case 'task':
      task = order.task;
      server =
        task.sourceRoot === null ? Promise.resolve(ownServerCode) : loadServerCode(task.sourceRoot);
      running = Promise.all([running, server]).then(() => say({ kind: 'ready' }));
      return;
    case 'seed':
      waiting.push(order.seed);
      if (waiting.length === 1) running = running.then(runWaiting);
      return;
  }
}

async function runWaiting(): Promise<void> {
  for (let [seed] = waiting; seed !== undefined; [seed] = waiting) {
    const startedAt = performance.now();
    try {
      const result = await runOne(seed);
      say({ kind: 'result', seed, ms: performance.now() - startedAt, result });
    } catch (error) {
      const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
      await new Promise<void>((resolve) => say({ kind: 'failed', seed, reason }, resolve));
      process.exit(1);
    }
    waiting.shift();
  }
}

async function runOne(seed: number): Promise<SeedResult> {
  if (task === null || server === null) throw new Error('a seed came before the task');
  const plan = planOf(seed, task.choices);
  return runSeed({ plan, server: await server, signal: new AbortController().signal });
}

function say(word: WorkerWord<SeedResult>, onSent: () => void = () => {}): void {
  process.send?.(word, onSent);
}

process.on('disconnect', () => process.exit(0));
process.on('message', obey);
