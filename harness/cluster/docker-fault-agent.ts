/** The fault agent of the docker cluster: a container in the engine's network while we live. */
import { DockerError, describeError, type Engine } from './docker-engine.ts';
import { startHeldContainer } from './docker-held-container.ts';
import { NftAgent } from './nft-agent.ts';

export type { LinkPlaces } from './nft-agent.ts';

export class FaultAgent extends NftAgent {
  /** Starts the agent and tries it: a cut is set, read back and taken away. */
  static async start(
    engine: Engine,
    options: { readonly runId: string; readonly image: string },
  ): Promise<FaultAgent> {
    try {
      const container = await startHeldContainer(engine, {
        ...options,
        role: 'fault-agent',
        entrypoint: ['nft', '-i'],
        hostConfig: { NetworkMode: 'host', CapDrop: ['ALL'], CapAdd: ['NET_ADMIN'] },
      });
      const failure = (why: string) => new DockerError('no-fault-agent', why);
      const table = `rafture_${options.runId.replace(/[^A-Za-z0-9]/g, '_')}`;
      const agent = new FaultAgent(container, table, failure);
      try {
        await agent.probe();
      } catch (error) {
        await agent.stop();
        throw error;
      }
      return agent;
    } catch (error) {
      if (error instanceof DockerError) throw error;
      const why = describeError(error);
      throw new DockerError('no-fault-agent', `the fault agent does not start: ${why}`, error);
    }
  }
}
