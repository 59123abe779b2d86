import { abilities, simulatedOnly } from '../cluster.ts';
import { describeClusterConformance } from './cluster-conformance.ts';
import { createProcessCluster } from './process.ts';

describeClusterConformance('processes behind proxies', {
  create: (options) => createProcessCluster({ ...options, network: 'proxies' }),
  musts: abilities.filter((each) => !simulatedOnly.includes(each)),
});
