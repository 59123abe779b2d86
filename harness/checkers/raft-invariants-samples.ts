/**
 * What the nodes said of themselves when they were asked, held against the promises of Raft.
 *
 * Two looks may be under way at once, and their answers overtake each other: one answer comes after
 * another for certain only when it was asked for after the other had come.
 */
import type { IntrospectionSample } from '../checker.ts';
import type { TraceFacts } from './raft-invariants-facts.ts';

/** The highest that was answered before some moment. */
interface Seen {
  readonly term: number;
  readonly commitIndex: number;
  readonly appliedIndex: number;
}

export function judgeSamples(samples: readonly IntrospectionSample[], facts: TraceFacts): void {
  for (const sample of samples) judgeOne(sample, facts);
  const lives = new Map<string, IntrospectionSample[]>();
  for (const sample of samples) {
    const name = JSON.stringify([sample.node, sample.life]);
    const life = lives.get(name) ?? [];
    lives.set(name, life);
    life.push(sample);
  }
  for (const life of lives.values()) judgeLife(life, facts);
  facts.judgeNamed();
}

function judgeOne(sample: IntrospectionSample, facts: TraceFacts): void {
  const { node, role, term, leader, commitIndex, appliedIndex, lastLogIndex } = sample;
  if (role === 'leader') facts.leads(node, term, null);
  if (leader !== null) facts.follows(node, leader, term, null);
  if (appliedIndex > commitIndex) {
    const what = `${node} had applied up to ${appliedIndex}, and committed up to ${commitIndex}`;
    facts.broken('apply order', `${what}${at(sample)}`, null);
  }
  if (commitIndex > lastLogIndex) {
    const end = `its log ends with entry ${lastLogIndex}`;
    const what = `${node} had committed up to ${commitIndex}, and ${end}`;
    facts.broken('commit index', `${what}${at(sample)}`, null);
  }
}

/** Within a life nothing of this goes back. */
function judgeLife(samples: readonly IntrospectionSample[], facts: TraceFacts): void {
  const answered = [...samples].sort((a, b) => a.timeNs - b.timeNs);
  const asked = [...samples].sort((a, b) => a.askedNs - b.askedNs);
  let seen: Seen = { term: 0, commitIndex: 0, appliedIndex: 0 };
  let next = 0;
  for (const sample of asked) {
    for (;;) {
      const earlier = answered[next];
      if (earlier === undefined || earlier.timeNs >= sample.askedNs) break;
      seen = highest(seen, earlier);
      next++;
    }
    judgeStep(seen, sample, facts);
  }
}

function highest(seen: Seen, sample: IntrospectionSample): Seen {
  return {
    term: Math.max(seen.term, sample.term),
    commitIndex: Math.max(seen.commitIndex, sample.commitIndex),
    appliedIndex: Math.max(seen.appliedIndex, sample.appliedIndex),
  };
}

function judgeStep(seen: Seen, sample: IntrospectionSample, facts: TraceFacts): void {
  const promises = [
    ['monotonic term', 'term'],
    ['commit index', 'commitIndex'],
    ['apply order', 'appliedIndex'],
  ] as const;
  for (const [promise, field] of promises) {
    if (sample[field] >= seen[field]) continue;
    const what = `${sample.node} said ${field} ${sample[field]} after ${seen[field]}`;
    facts.broken(promise, `${what}${at(sample)}`, null);
  }
}

function at({ timeNs, life }: IntrospectionSample): string {
  return ` (life ${life}, a look at ${(timeNs / 1e9).toFixed(3)} s)`;
}
