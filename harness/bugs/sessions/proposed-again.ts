/** A leader proposes again what its clients still wait for. */
import type { Bug } from '../bug.ts';

export const proposedAgain: Bug = {
  id: 'proposed-again',
  title: 'a command takes effect twice without being sent twice',
  mechanism:
    'A node that is elected again proposes once more what its clients have had no answer to ' +
    'since it led last. The entries of then are still in its log: they are committed too, and ' +
    'the command is carried out again, in each term anew.',
  exposedBy: 'a leader that loses its followers with writes under way, and is elected again',
  workload: 'list-append',
  args: ['--nemesis', 'partition', '--nemesis-every', '100'],
  citations: ['redisraft #13 https://github.com/RedisLabs/redisraft/issues/13'],
  rows: ['B57'],
  needs: 'cluster',
  expect: [{ checker: 'linearizable' }],
  edits: [
    {
      file: 'server/node.ts',
      find: `  #nextId = 1;`,
      replace: `  #nextId = 1;
  readonly #unanswered = new Set<QueuedProposal & { term: number }>();`,
    },
    {
      file: 'server/node.ts',
      find: `      const id = this.#nextId++;
      this.#proposals.offer(id, reply);
      return { id, data };`,
      replace: `      const { currentTerm: term } = this.#driver.raft.status();
      const answer = (given: Reply): void => {
        if (this.#unanswered.delete(call)) reply(given);
      };
      const call = { data, reply: answer, term };
      this.#unanswered.add(call);
      const id = this.#nextId++;
      this.#proposals.offer(id, answer);
      return { id, data };`,
    },
    {
      file: 'server/node.ts',
      find: `  #propose(queued: readonly QueuedProposal[]): void {`,
      replace: `  #proposeAgain(): void {
    const { role, currentTerm } = this.#driver.raft.status();
    if (role !== 'leader') return;
    const proposals: { readonly id: number; readonly data: Uint8Array }[] = [];
    for (const call of this.#unanswered) {
      if (call.term >= currentTerm) continue;
      call.term = currentTerm;
      const id = this.#nextId++;
      this.#proposals.offer(id, call.reply);
      proposals.push({ id, data: call.data });
    }
    if (proposals.length > 0) this.#driver.step({ type: 'propose', proposals });
  }

  #propose(queued: readonly QueuedProposal[]): void {`,
    },
    {
      file: 'server/node.ts',
      find: `  #flush(): void {
`,
      replace: `  #flush(): void {
    this.#proposeAgain();
`,
    },
  ],
};
