/**
 * The referee's findings in sentences, for people who have never read its code.
 */
import type { TraceEvent } from '../../server/trace.ts';
import { describeEntry, type Place } from './told-log.ts';

export type Told<Name extends TraceEvent['event']> = Extract<TraceEvent, { event: Name }>;

type Held = { readonly holders: readonly string[]; readonly voters: readonly string[] };

/** Each comes after the name of the promise that was broken; `it` is the node that told. */
export const words = {
  lifeWithoutStart: (event: string): string =>
    `it told of ${event} in a life of whose start it had not told`,
  otherEnd: (claimed: string, end: string): string =>
    `it says that its log ends with ${claimed}; by what it told before it ends with ${end}`,
  lostTerm: (term: number, durable: number): string =>
    `after a restart it is in term ${term}, though term ${durable} was on its disk`,
  lostSnapshot: (index: number, before: number): string =>
    `after a restart it has one up to ${index}, though one up to ${before} was on its disk`,
  gap: (first: number, snapshotIndex: number): string =>
    `its log begins with entry ${first}, and its snapshot ends with entry ${snapshotIndex}`,
  invented: (entry: Place): string => `it starts with ${describeEntry(entry)}, which no log held`,
  lostEntry: (last: Place, durable: Place): string =>
    `after a restart its log ends with ${describeEntry(last)}, though ${describeEntry(durable)} ` +
    'was on its disk',
  termBelowLog: (term: number, lastLogTerm: number): string =>
    `it is in term ${term}, and its last entry is of term ${lastLogTerm}`,
  wentBack: (from: number, to: number): string => `it went back from ${from} to ${to}`,
  twoVotes: (term: number, first: string | null, second: string | null): string =>
    `in term ${term} it voted for ${first ?? 'nobody'}, then for ${second ?? 'nobody'}`,
  beyondLog: (index: number, lastIndex: number): string =>
    `it is ${index}, and the log ends with entry ${lastIndex}`,
  twoLeaders: (term: number, one: string, other: string): string =>
    `${one} leads in term ${term}, and so did ${other}`,
  leaderLacks: (entry: Place, term: number, there: number | null): string =>
    `${describeEntry(entry)} was committed, and the leader of term ${term} ` +
    (there === null ? 'does not have it' : `has one of term ${there} in its place`),
  votedForLess: (candidate: string, stood: Place, own: Place): string =>
    `it votes for ${candidate}, whose log ended with ${describeEntry(stood)}, and its own ends ` +
    `with ${describeEntry(own)}`,
  fewVotes: (leader: string, term: number, { holders, voters }: Held): string =>
    `${leader} leads in term ${term}, and only ${holders.length} of ${voters.length} voters had ` +
    `a vote for it on disk: ${holders.join(' and ') || 'nobody'}`,
  twoFollowed: (term: number, leader: string, known: { leader: string; node: string }): string =>
    `it follows ${leader} in term ${term}, in which ${known.node} follows ${known.leader}`,
  oldTermCommitted: (entry: Place, term: number): string =>
    `a leader of term ${term} commits up to ${describeEntry(entry)}, which is not of its term`,
  otherTerm: (entry: Place, term: number): string =>
    `a leader of term ${term} appends ${describeEntry(entry)}`,
  commitBelowSnapshot: (index: number, snapshotIndex: number): string =>
    `it is ${index}, and the snapshot ends with entry ${snapshotIndex}`,
  matchBeyond: (peer: string, index: number, durable: number): string =>
    `the leader counts entry ${index} of ${peer}, which has up to ${durable} on disk`,
  matchOther: (peer: string, entry: Place, there: number): string =>
    `the leader counts ${describeEntry(entry)} of ${peer}, which has one of term ${there} there`,
  changeInFlight: (index: number, before: number, commitIndex: number): string =>
    `entry ${index} changes the members, entry ${before} did so too, and only up to ` +
    `${commitIndex} they are committed`,
  changeTooEarly: (index: number, committed: Place): string =>
    `entry ${index} changes the members, and nothing of the leader's own term is committed, ` +
    `only ${describeEntry(committed)}`,
  otherConfiguration: (entry: Place, content: string, known: string): string =>
    `${describeEntry(entry)} says ${content} here, and ${known} elsewhere`,
  notNewest: (index: number, newest: number): string =>
    `that of entry ${index} is in force, and the newest in the log is entry ${newest}`,
  votesUnwritten: (term: number): string =>
    `it asks for votes in term ${term}, and its own is not on its disk`,
  votedUnwritten: (candidate: string, term: number): string =>
    `it tells ${candidate} of its vote in term ${term}, which is not on its disk`,
  termUnwritten: (term: number, persisted: number): string =>
    `it acknowledges in term ${term}, and term ${persisted} is on its disk`,
  matchUnwritten: (index: number, durable: number): string =>
    `it acknowledges up to entry ${index}, and up to ${durable} they are on its disk`,
  speaksAsLeader: (type: string, term: number): string =>
    `it sends ${type} as the leader of term ${term}, which it never was`,
  tellsCommit: (index: number, commitIndex: number): string =>
    `it tells others that entry ${index} is committed, and knows of ${commitIndex}`,
  sendsOther: (entry: Place, there: number | null): string =>
    `it sends ${describeEntry(entry)}, and its log has ` +
    (there === null ? 'none there' : `one of term ${there} there`),
  sendsGap: (before: Place, entry: Place): string =>
    `it sends ${describeEntry(entry)} right after ${describeEntry(before)}`,
  readTooEarly: (term: number, committed: Place): string =>
    `the leader of term ${term} confirms a read, having committed ${describeEntry(committed)}`,
  staleRead: (appliedIndex: number, committed: number): string =>
    `a read was answered from the state after entry ${appliedIndex}, and when it was asked ` +
    `entry ${committed} was committed`,
  appendGap: (first: number, from: number, to: number): string =>
    `it appends entry ${first} to a log that holds ${to < from ? 'nothing' : `${from} to ${to}`}`,
  replacedOwn: (first: number, last: number): string =>
    `a leader replaced the entries ${first} to ${last} of its own log`,
  replacedCommitted: (first: number, commitIndex: number): string =>
    `it replaced its entries from ${first} on, and up to ${commitIndex} they were committed`,
  comesAfter: (entry: Place, before: string): string =>
    `${describeEntry(entry)} comes right after ${before}`,
  twoOfOneName: (entry: Place, contradiction: string): string =>
    `there are two of ${describeEntry(entry)}: ${contradiction}`,
  durableBeyondLog: (index: number, lastIndex: number): string =>
    `entry ${index} is on its disk, and its log ends with entry ${lastIndex}`,
  lessDurable: (index: number, before: number): string =>
    `entry ${before} was on its disk, and now only up to entry ${index}`,
  twoCommitted: (known: Place, entry: Place): string =>
    `${describeEntry(known)} was committed, and now ${describeEntry(entry)} is`,
  fewHold: (entry: Place, { holders, voters }: Held): string =>
    `${describeEntry(entry)} counted as committed while only ${holders.length} of ` +
    `${voters.length} nodes had it on disk: ${holders.join(' and ') || 'nobody'}`,
  appliedAfter: (index: number, before: number): string =>
    `it applied entry ${index} right after entry ${before}`,
  appliedEarly: (index: number, commitIndex: number): string =>
    `it applied entry ${index} while only up to ${commitIndex} they were committed`,
  appliedOther: (entry: Place, term: number): string =>
    `it applied ${describeEntry(entry)}, and the committed one is of term ${term}`,
  snapshotEarly: (index: number, appliedIndex: number): string =>
    `it took one up to entry ${index}, and had applied only up to ${appliedIndex}`,
  snapshotOlder: (index: number, before: number): string =>
    `it took one up to entry ${index}, and had one up to ${before}`,
  installedOld: (index: number, appliedIndex: number): string =>
    `it installed one up to entry ${index}, and had applied up to ${appliedIndex}`,
  snapshotOfOther: (entry: Place, committed: number | null): string =>
    `its last entry is ${describeEntry(entry)}, ` +
    (committed === null ? 'which is not committed' : `and the committed one of term ${committed}`),
  otherState: (index: number, hash: string, known: { hash: string; node: string }): string =>
    `after entry ${index} the hash is ${hash}, and on ${known.node} it was ${known.hash}`,
};
