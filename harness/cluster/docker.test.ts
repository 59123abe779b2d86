import { describeClusterConformance } from './cluster-conformance.ts';
import { createDockerCluster } from './docker.ts';

describeClusterConformance('containers', (options) =>
  createDockerCluster({
    ...options,
    runId: `test-${process.pid}`,
    images: 'auto',
    onProgress: (line) => process.stderr.write(`${line}\n`),
  }),
);
