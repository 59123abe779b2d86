/** Prints which network child processes get here, as JSON: for tests that take something away. */
import { createProcessNetwork, probeProcessNetwork } from '../process-network-choice.ts';

const request = { nodes: ['n1', 'n2'], prepare: new Set<never>(), seed: 0 };
const probe = await probeProcessNetwork();
const { network, reason } = await createProcessNetwork('auto', request);
await network.close();
const refusal = await createProcessNetwork('namespaces', request).then(
  async (chosen) => {
    await chosen.network.close();
    return null;
  },
  (error: Error) => error.message,
);
process.stdout.write(`${JSON.stringify({ ...probe, kind: network.kind, reason, refusal })}\n`);
