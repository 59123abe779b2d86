/** Heartbeats go a way of their own, past the loop that leads. */
import type { Bug } from '../bug.ts';

export const heartbeatApart: Bug = {
  id: 'heartbeat-apart',
  title: 'a deposed leader writes in the term of its successor',
  mechanism:
    'A heartbeat is not handled in the loop of the role but beside it: it changes term and role ' +
    'at once, and the loop looks at its role only when it has done what comes next. Are that ' +
    'proposals, they are appended as a leader’s, in a term in which another leads.',
  exposedBy: 'a leader that was cut off, hears its successor, and has writes waiting',
  workload: 'cas-register',
  args: ['--nemesis-schedule', 'stale-leader'],
  citations: ['hashicorp/raft #695 https://github.com/hashicorp/raft/issues/695'],
  rows: ['B09'],
  needs: 'cluster',
  expect: [{ checker: 'raft-invariants', says: /log matching/ }],
  edits: [
    {
      file: 'server/raft/core.ts',
      find: `  role: Role;
`,
      replace: `  role: Role;
  stillLeads?: boolean;
`,
    },
    {
      file: 'server/raft/raft.ts',
      find: `function dispatch(core: Core, input: Input): void {
`,
      replace: `function dispatch(core: Core, input: Input): void {
  const message = input.type === 'message' ? input.message : null;
  const isHeartbeat = message?.type === 'appendEntries' && message.entries.length === 0;
  const led = core.role === 'leader';
  if (!isHeartbeat && input.type !== 'propose' && input.type !== 'written') {
    core.stillLeads = false;
  }
  dispatchInput(core, input);
  if (isHeartbeat && led && core.role !== 'leader') core.stillLeads = true;
  if (input.type === 'propose') core.stillLeads = false;
}

function dispatchInput(core: Core, input: Input): void {
`,
    },
    {
      file: 'server/raft/replication.ts',
      find: "  if (core.role !== 'leader') return 'notLeader';",
      replace: "  if (core.role !== 'leader' && !core.stillLeads) return 'notLeader';",
    },
    {
      file: 'server/raft/sending.ts',
      find: `  if (core.role !== 'leader') {
    const facts = { id: core.id, role: core.role, currentTerm: core.currentTerm };`,
      replace: `  if (core.role !== 'leader' && !core.stillLeads) {
    const facts = { id: core.id, role: core.role, currentTerm: core.currentTerm };`,
    },
  ],
};
