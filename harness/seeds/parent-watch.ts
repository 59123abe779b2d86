/**
 * A child process that ends when its parent is gone, whatever it is doing itself: a seed that never
 * ends leaves no turn of the event loop in which it would hear of it.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

const everyMs = 1000;

/** Once; its own thread looks. Resolves when it has begun to. */
export async function watchParent(): Promise<void> {
  const watch = `setInterval(() => {
    if (process.ppid !== ${process.ppid}) process.kill(process.pid, 'SIGKILL');
  }, ${everyMs})`;
  const thread = new Worker(watch, { eval: true, execArgv: [] });
  await once(thread, 'online');
  thread.unref();
}
