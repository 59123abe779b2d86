/**
 * What must hold between the servers of a transcript, whatever its schedule. [Fig. 3]
 *
 * A broken promise is told in the output, so that a transcript can show what no server prevents:
 * a majority that loses its disks.
 */
import type { Entry, NodeId } from './entry.ts';
import type { Ready } from './ready.ts';
import type { TranscriptNode } from './test-transcript-node.ts';

export class TranscriptJudge {
  readonly #leaderOfTerm = new Map<number, NodeId>();
  /** By index: what any server has ever taken for committed. */
  readonly #committed = new Map<number, Entry>();

  /** What is broken by this step, one sentence each. */
  judge({ id, raft }: TranscriptNode, ready: Ready): readonly string[] {
    const broken: string[] = [];
    raft?.checkDeeply();
    const status = raft?.status();
    if (status?.role === 'leader') {
      const other = this.#leaderOfTerm.get(status.currentTerm) ?? id;
      if (other !== id) broken.push(`TWO LEADERS in term ${status.currentTerm}: ${other}, ${id}`);
      this.#leaderOfTerm.set(status.currentTerm, id);
    }
    for (const entry of ready.committed) {
      const earlier = this.#committed.get(entry.index) ?? entry;
      const [old, name] = [nameOf(earlier), nameOf(entry)];
      if (old !== name) broken.push(`LOST: ${old} was committed, and now ${name} in its place`);
      this.#committed.set(entry.index, entry);
    }
    return broken;
  }
}

function nameOf({ index, term, kind, data }: Entry): string {
  const text = new TextDecoder().decode(data);
  return `${index}@${term} ${kind === 'command' ? text : `${kind} ${text}`.trim()}`;
}
