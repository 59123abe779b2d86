/**
 * The arithmetic of majorities: nothing else in the core counts votes or copies. [Raft §5.2]
 *
 * Two majorities of one set share a member; all of Raft's safety rests on that.
 */

export function quorumSize(voterCount: number): number {
  return Math.floor(voterCount / 2) + 1;
}

export function isQuorum(memberCount: number, voterCount: number): boolean {
  return memberCount >= quorumSize(voterCount);
}

/** The greatest number that a majority has reached, given one number per voter. */
export function quorumReached(numbers: readonly number[]): number {
  const descending = [...numbers].sort((a, b) => b - a);
  return descending[quorumSize(numbers.length) - 1] ?? 0;
}
