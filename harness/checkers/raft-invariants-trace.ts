/**
 * The traces of all nodes, read twice: first for the entries of all logs, then for the promises.
 *
 * What a node's log held when a life began may be told by another node alone; so the entries of all
 * are known before anything is judged.
 */
import type { NodeTrace } from '../checker.ts';
import type { RaftEvent } from '../raft-event.ts';
import type { TraceFacts } from './raft-invariants-facts.ts';
import { TracedLog } from './raft-invariants-log.ts';
import { TracedNode } from './raft-invariants-node.ts';

export interface TraceSummary {
  readonly events: number;
  /** Lives that were told of. */
  readonly lives: number;
  /** Of single nodes: why they could not be read, or not to their end. */
  readonly unread: readonly string[];
  /** Committed entries of which nobody told what they are. */
  readonly unplaced: number;
}

export function judgeTraces(traces: readonly NodeTrace[], facts: TraceFacts): TraceSummary {
  const unread: string[] = [];
  const counts = traces.map((trace) => learnEntries(trace, facts));
  let [events, lives, unplaced] = [0, 0, 0];
  for (const [position, { node, events: told }] of traces.entries()) {
    const traced = new TracedNode(node, facts);
    const problem = readAll(told, (event) => traced.observe(event));
    if (problem !== null) unread.push(`the trace of ${node} was not read to its end: ${problem}`);
    else if (traced.eventCount === 0) unread.push(`the trace of ${node} is empty`);
    else if (traced.eventCount !== counts[position]) {
      unread.push(`the trace of ${node} changed while it was read`);
    }
    events += traced.eventCount;
    lives += traced.lifeCount;
    unplaced += traced.unplacedCount;
  }
  facts.judgeLeaders();
  return { events, lives, unread, unplaced };
}

/** Returns how many events there were. */
function learnEntries({ events }: NodeTrace, { entries: known }: TraceFacts): number {
  const log = new TracedLog();
  let count = 0;
  readAll(events, (event) => {
    count++;
    if (event.event === 'install') log.install(event);
    if (event.event === 'append') {
      log.append(event.entries, (entry, previousTerm) => known.add(entry, previousTerm));
    }
    if (event.event === 'start') {
      log.recover({ index: event.lastLogIndex, term: event.lastLogTerm }, known);
    }
  });
  return count;
}

/** What it threw on the way, or null. */
function readAll(events: Iterable<RaftEvent>, observe: (event: RaftEvent) => void): string | null {
  try {
    for (const event of events) observe(event);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
