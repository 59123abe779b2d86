/**
 * What a node says to its peers and answers to its clients, for who watches it. It changes nothing
 * of either, and what the node runs knows nothing of it.
 */
import type { Host } from '../../server/host.ts';
import { isRead } from '../../server/kv/command.ts';
import type { ServerNode } from '../../server/server-node.ts';
import type { Watcher } from './plan.ts';

export interface WatchedLife {
  readonly node: string;
  readonly life: number;
  readonly watcher: Watcher;
  nowUs(): number;
  /** Whether what it does counts: not on files that were harmed. */
  counts(): boolean;
}

export function watchMessages(host: Host, watched: WatchedLife): Host {
  const { network } = host;
  const { node, life, watcher } = watched;
  return {
    ...host,
    network: {
      ...network,
      send: (to, message) => {
        const timeUs = watched.nowUs();
        if (watched.counts()) watcher.observeMessage({ node, life, timeUs, to, message });
        network.send(to, message);
      },
    },
  };
}

/** A read that is refused promises nothing. */
export function watchReads(server: ServerNode, watched: WatchedLife): ServerNode {
  const { node, life, watcher } = watched;
  return {
    execute: (command, reply) => {
      if (!isRead(command)) {
        server.execute(command, reply);
        return;
      }
      const askedAt = watcher.committedIndex;
      server.execute(command, (answer) => {
        if (answer.type !== 'error' && watched.counts()) {
          const { appliedIndex } = server.info();
          watcher.observeRead({ node, life, timeUs: watched.nowUs(), askedAt, appliedIndex });
        }
        reply(answer);
      });
    },
    readStale: (command) => server.readStale(command),
    administer: (command, reply) => server.administer(command, reply),
    info: () => server.info(),
    stop: (done) => server.stop(done),
  };
}
