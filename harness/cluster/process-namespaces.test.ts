import { describe } from 'vitest';
import { abilities, simulatedOnly } from '../cluster.ts';
import { describeClusterConformance } from './cluster-conformance.ts';
import { createProcessCluster } from './process.ts';
import { probeProcessNetwork } from './process-network-choice.ts';

const { namespaces } = await probeProcessNetwork();
if (!namespaces.available) {
  process.stderr.write(`tests in network namespaces are skipped: ${namespaces.why}\n`);
}

describe.skipIf(!namespaces.available)('in network namespaces', () => {
  describeClusterConformance('processes', {
    create: (options) => createProcessCluster({ ...options, network: 'namespaces' }),
    musts: abilities.filter((each) => !simulatedOnly.includes(each)),
  });
});
