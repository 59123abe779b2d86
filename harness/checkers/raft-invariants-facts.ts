/**
 * What all nodes' traces say together, and the promises that hold between nodes. [Fig. 3]
 *
 * Traces have no common clock, and their ends may be missing. So a promise is held against facts
 * that stay true whenever they were told: fewer facts find less, and never something else.
 */
import {
  CommittedEntries,
  type CommittedRun,
  describePlace,
  KnownEntries,
  type Place,
} from './raft-invariants-entries.ts';
import type { TracedLog } from './raft-invariants-log.ts';

/** Where something was told. */
export interface Told {
  readonly node: string;
  /** Which life of those that the trace has, 1 for the first. */
  readonly life: number;
  /** Position in the node's trace, 1 for the first. */
  readonly event: number;
}

/** Those of [Fig. 3], and what they rest on; the first ones break the others. */
const promises = [
  'monotonic term',
  'one vote a term',
  'durability',
  'election safety',
  'leader append-only',
  'log matching',
  'leader completeness',
  'commit index',
  'apply order',
  'snapshots',
  'state machine safety',
] as const;

export type Promised = (typeof promises)[number];

export interface Violation {
  readonly promise: Promised;
  readonly what: string;
}

/** A node that became a leader, with its log at that moment. */
interface Leadership extends Told {
  readonly term: number;
  readonly log: TracedLog;
}

/** More of one promise say nothing new. */
const violationsPerPromise = 5;

export class TraceFacts {
  readonly entries: KnownEntries = new KnownEntries();
  readonly committed: CommittedEntries = new CommittedEntries();
  readonly #violations: Violation[] = [];
  readonly #counts = new Map<Promised, number>();
  readonly #leaders = new Map<number, string>();
  /** By term, whom the first that named somebody took for the leader. */
  readonly #named = new Map<number, { readonly leader: string; readonly by: string }>();
  readonly #leaderships: Leadership[] = [];
  readonly #hashes = new Map<number, { readonly hash: string; readonly node: string }>();
  readonly #troubles: string[] = [];

  /** The first ones of each promise, causes before what follows from them. */
  get violations(): readonly Violation[] {
    const rank = ({ promise }: Violation): number => promises.indexOf(promise);
    return [...this.#violations].sort((a, b) => rank(a) - rank(b));
  }

  /** How many there were, by promise. */
  get violationCounts(): ReadonlyMap<Promised, number> {
    return this.#counts;
  }

  /** What a trace says against itself: who is wrong, the node or its trace, nobody knows. */
  get troubles(): readonly string[] {
    return this.#troubles;
  }

  get leaders(): ReadonlyMap<number, string> {
    return this.#leaders;
  }

  get hashCount(): number {
    return this.#hashes.size;
  }

  broken(promise: Promised, what: string, told: Told | null): void {
    const count = (this.#counts.get(promise) ?? 0) + 1;
    this.#counts.set(promise, count);
    if (count > violationsPerPromise) return;
    const where = told === null ? '' : ` (${describeTold(told)})`;
    this.#violations.push({ promise, what: `${what}${where}` });
  }

  trouble(what: string, told: Told): void {
    if (this.#troubles.length < violationsPerPromise) {
      this.#troubles.push(`${what} (${describeTold(told)})`);
    }
  }

  /** At most one leader a term. `told` is null when a look at the nodes has shown it. */
  leads(node: string, term: number, told: Told | null): void {
    const other = this.#leaders.get(term);
    this.#leaders.set(term, other ?? node);
    if (other === undefined || other === node) return;
    this.broken('election safety', `${node} leads in term ${term}, and so did ${other}`, told);
  }

  /** `node` takes `leader` for the leader of the term. `told` is null when it was asked. */
  follows(node: string, leader: string, term: number, told: Told | null): void {
    const known = this.#named.get(term);
    if (known === undefined) this.#named.set(term, { leader, by: node });
    if (known === undefined || known.leader === leader) return;
    const says = `${node} takes ${leader} for the leader of term ${term}`;
    this.broken('election safety', `${says}, and ${known.by} takes ${known.leader}`, told);
  }

  /** Once everything was told: nobody took another one for the leader than the one who led. */
  judgeNamed(): void {
    for (const [term, { leader, by }] of this.#named) {
      const leads = this.#leaders.get(term);
      if (leads === undefined || leads === leader) continue;
      const says = `${by} takes ${leader} for the leader of term ${term}`;
      this.broken('election safety', `${says}, and ${leads} leads in it`, null);
    }
  }

  becomesLeader(leadership: Leadership): void {
    this.leads(leadership.node, leadership.term, leadership);
    this.#leaderships.push({ ...leadership, log: leadership.log.copy() });
  }

  /** Told in the term `inTerm`: every leader of a later term has it. */
  commits(place: Place, inTerm: number, told: Told): void {
    const { node } = told;
    const other = this.committed.add(place, { node, inTerm });
    if (other === null) return;
    const both = `${describePlace(place)} is committed, and by ${other.node}'s word`;
    this.broken('state machine safety', `${both} ${describePlace(other.place)}`, told);
  }

  hash(index: number, hash: string, told: Told): void {
    const known = this.#hashes.get(index);
    if (known === undefined) this.#hashes.set(index, { hash, node: told.node });
    else if (known.hash !== hash) {
      const both = `after entry ${index} the hash is ${hash}, on ${known.node} ${known.hash}`;
      this.broken('state machine safety', both, told);
    }
  }

  /** Once everything was told: whoever became leader had what was committed in earlier terms. */
  judgeLeaders(): void {
    if (this.#leaderships.length === 0) return;
    const runs = [...this.committed.runs()];
    for (const leadership of this.#leaderships) {
      // Who was elected late, in a term that is over, may lack what later ones committed.
      const earlier = runs.filter((run) => run.inTerm < leadership.term);
      const missing = firstMissing(earlier, leadership.log);
      if (missing === null) continue;
      const { run, index } = missing;
      const { log, node, term } = leadership;
      const entry = describePlace({ index, term: run.term });
      const has =
        index > log.lastIndex
          ? `ends with entry ${log.lastIndex}`
          : `has one of term ${log.termAt(index)} in its place`;
      const committed = `${run.node} told in term ${run.inTerm} that ${entry} was committed`;
      const lacks = `${node} became leader of term ${term} with a log that ${has}`;
      this.broken('leader completeness', `${committed}; ${lacks}`, leadership);
    }
  }
}

function firstMissing(
  runs: readonly CommittedRun[],
  log: TracedLog,
): { readonly run: CommittedRun; readonly index: number } | null {
  for (const run of runs) {
    // What lies before a snapshot is not known, and what stands there was committed.
    let index = Math.max(run.from, log.firstIndex);
    while (index <= run.to) {
      if (index > log.lastIndex && !log.endIsKnown) return null;
      if (log.termAt(index) !== run.term) return { run, index };
      index = log.runEnd(index) + 1;
    }
  }
  return null;
}

function describeTold({ node, life, event }: Told): string {
  return `${node}, life ${life}, event ${event} of its trace`;
}
