/** A leader’s snapshot is read into the state that is there. */
import type { Bug } from '../bug.ts';

export const keysSurviveInstall: Bug = {
  id: 'keys-survive-install',
  title: 'deleted keys come back with a snapshot',
  mechanism:
    'The state is not emptied before a leader’s snapshot is read into it. Keys that the ' +
    'snapshot holds are replaced, and those that were deleted meanwhile are still there.',
  exposedBy: 'a follower that misses deletes and gets a snapshot, and then serves reads or leads',
  workload: 'kv',
  args: [
    '--nemesis',
    'until-snapshot,kill',
    '--nemesis-every',
    '100',
    '--world',
    'snapshot=20,trailing=0,segment=4',
  ],
  citations: ['cubefs #1521 https://github.com/cubefs/cubefs/issues/1521'],
  rows: ['B51'],
  needs: 'cluster',
  expect: [{ checker: 'convergence' }],
  edits: [
    {
      file: 'server/applier.ts',
      find: `restore(lastIncludedIndex, this.#stateMachine.sessionLimits);`,
      replace: `restore(lastIncludedIndex, undefined, this.#stateMachine);`,
    },
    {
      file: 'server/kv/state-machine.ts',
      find: `  static restore(lastIncludedIndex: number, limits?: SessionLimits): Restoration {
    const machine = new StateMachine(limits);
    machine.#appliedIndex = lastIncludedIndex;`,
      replace: `  static restore(
    lastIncludedIndex: number,
    limits?: SessionLimits,
    into?: StateMachine,
  ): Restoration {
    const machine = into ?? new StateMachine(limits);`,
    },
    {
      file: 'server/kv/state-machine.ts',
      find: `        sink.finish();
        return machine;`,
      replace: `        sink.finish();
        machine.#appliedIndex = lastIncludedIndex;
        return machine;`,
    },
    {
      file: 'server/kv/snapshot-sink.ts',
      find: `get(place) !== undefined) throw new ShapeError('a key is there twice');`,
      replace: 'remove(place)) return place;',
    },
    {
      file: 'server/kv/sessions.ts',
      find: `  restore(session: Session): void {`,
      replace: `  restore(session: Session): void {
    const before = this.#sessions.get(session.id);
    if (before !== undefined) this.#close(before);`,
    },
    {
      file: 'server/kv/snapshot-sink.ts',
      find: `    if (found.some((number, place) => number !== written[place])) {`,
      replace: `    if (found.length !== written.length) {`,
    },
  ],
};
