/** Waits until a node answers a command; a port that is open says nothing. */
import type { Cluster } from '../cluster.ts';
import { pause } from '../run/introspect.ts';
import type { HarnessTimers } from '../run/timers.ts';
import type { System } from '../systems/system.ts';

export interface ReadyOptions {
  readonly cluster: Pick<Cluster, 'connect'>;
  readonly system: System;
  readonly timers: HarnessTimers;
  readonly limitMs: number;
  /** Why waiting is vain, such as an exit of the process; null while it may still answer. */
  gaveUp(): string | null;
}

const pollMs = 25;

/** Rejects with the reason when the node does not answer in time or has given up. */
export async function waitUntilReady(node: string, options: ReadyOptions): Promise<void> {
  const { cluster, system, timers, limitMs } = options;
  const startNs = timers.nowNs();
  let last = 'it does not listen';
  for (;;) {
    try {
      if (await system.isReady(await cluster.connect(node), timers)) return;
      last = 'it listens but answers no command';
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    }
    const gaveUp = options.gaveUp();
    if (gaveUp !== null) throw new Error(`node ${node} is not ready: ${gaveUp}`);
    if (timers.nowNs() - startNs > limitMs * 1e6) {
      throw new Error(`node ${node} is not ready after ${limitMs / 1000} s: ${last}`);
    }
    await pause(timers, pollMs);
  }
}
