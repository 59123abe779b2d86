/** `nft -i` as a child process in a network namespace. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { systemPath } from './netns-protocol.ts';
import { NftAgent } from './nft-agent.ts';

/** The entrance is a command that runs what comes after it in its place. */
export async function startNft(entrance: readonly string[]): Promise<NftAgent> {
  const [program = '', ...args] = [...entrance, 'nft', '-i'];
  const child = spawn(program, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, PATH: systemPath },
    detached: true,
  });
  child.stdin.on('error', () => {});
  const ended = new Promise<string>((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code, signal) => resolve(`it ended with ${signal ?? code}`));
  });
  const nft = {
    ...{ stdout: child.stdout, stderr: child.stderr, ended },
    write: (text: string): void => {
      child.stdin.write(text);
    },
    release: async (): Promise<void> => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const closed = once(child, 'close');
      child.kill('SIGKILL');
      await closed;
    },
  };
  const agent = new NftAgent(nft, 'rafture', (why) => new Error(why));
  try {
    await agent.probe();
    return agent;
  } catch (error) {
    await agent.stop();
    throw error;
  }
}
