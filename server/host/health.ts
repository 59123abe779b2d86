/**
 * Whether a node is fit to be sent clients, and why not.
 */
import type { NodeInfo } from '../server-node.ts';
import type { PeerLinkStatus } from './peer-links.ts';

export interface Health {
  readonly healthy: boolean;
  /** As JSON. */
  readonly body: Readonly<Record<string, unknown>>;
}

function isMember({ id, configuration }: NodeInfo): boolean {
  const { voters, outgoingVoters, learners } = configuration.configuration;
  return [voters, outgoingVoters, learners].some((ids) => ids.includes(id));
}

/** Healthy is a node that takes commands and knows a leader. */
export function describeHealth(info: NodeInfo, peers: readonly PeerLinkStatus[]): Health {
  const reasons: string[] = [];
  if (!info.serving) reasons.push('it repairs its log, stops or has ended');
  if (!isMember(info)) {
    const advice = 'RAFT.ADD on the leader makes it one';
    reasons.push(`it is no member of the cluster, or does not know yet that it is: ${advice}`);
  } else if (info.leaderId === null) reasons.push('no leader is known');
  const refusals = peers.flatMap(({ peer, refusal }) =>
    refusal === null ? [] : [`${peer}: ${refusal}`],
  );
  const healthy = reasons.length === 0;
  const { id, clusterId, role, term, leaderId, commitIndex, appliedIndex } = info;
  return {
    healthy,
    body: {
      status: healthy ? 'ok' : 'unavailable',
      reasons,
      // A peer that refuses this node is worth a look even while the others do not.
      refusals,
      ...{ id, clusterId, role, term, leaderId, commitIndex, appliedIndex },
    },
  };
}
