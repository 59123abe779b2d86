import { describeClientConformance } from '../clients/client-conformance.ts';
import { createSimulatedCluster } from '../cluster/simulated.ts';
import { findLeader, introspectNode, pause } from '../run/introspect.ts';
import { reference } from './reference.ts';

let seed = 0;

describeClientConformance('the reference server, simulated', {
  system: reference,
  run: (story) => {
    const cluster = createSimulatedCluster({ seed: ++seed, nodes: ['n1', 'n2', 'n3'] });
    const { timers } = cluster;
    const observer = { cluster, system: reference, timers };
    return cluster.run(async () => {
      await Promise.all(cluster.nodes.map((node) => cluster.start(node)));
      for (;;) {
        const leader = (await findLeader(observer))?.leader;
        const seen = await Promise.all(cluster.nodes.map((node) => introspectNode(observer, node)));
        if (leader !== undefined && seen.every((each) => each?.leader === leader)) break;
        await pause(timers, 50);
      }
      await story({ cluster, timers });
    });
  },
});
