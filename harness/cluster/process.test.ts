import { describeClusterConformance } from './cluster-conformance.ts';
import { createProcessCluster } from './process.ts';

describeClusterConformance('processes', {
  create: createProcessCluster,
  musts: ['drop', 'kill', 'pause'],
});
