/**
 * Waits until a node leads and all answer a read, which they can only with a leader that a majority
 * follows.
 */
import { RespConnection } from '../clients/resp-connection.ts';
import { pause } from '../run/introspect.ts';
import { createRealTimers } from '../run/real-timers.ts';
import { reference } from '../systems/reference.ts';
import { connectTcpStream } from './tcp-stream.ts';

const limitMs = 30_000;
const pollMs = 50;
const answerMs = 1000;

const timers = createRealTimers();

/** Ends early when `gaveUp` says why waiting is vain. */
export async function awaitServingLeader(
  nodes: readonly { readonly node: string; readonly port: number }[],
  gaveUp: () => Promise<string | null>,
): Promise<{ readonly leader: string } | { readonly why: string }> {
  const startNs = timers.nowNs();
  while (timers.nowNs() - startNs < limitMs * 1e6) {
    const answers = await Promise.all(nodes.map(({ port }) => reads(port)));
    const leads = await Promise.all(nodes.map(({ port }) => isLeader(port)));
    const leader = nodes[leads.indexOf(true)];
    if (leader !== undefined && answers.every((answer) => answer)) return { leader: leader.node };
    const why = await gaveUp();
    if (why !== null) return { why };
    await pause(timers, pollMs);
  }
  return { why: `none does after ${limitMs / 1000} s, not to all nodes` };
}

async function isLeader(port: number): Promise<boolean> {
  try {
    const stream = await connectTcpStream('127.0.0.1', port);
    return (await reference.introspect(stream, timers))?.role === 'leader';
  } catch {
    // It does not listen yet.
    return false;
  }
}

async function reads(port: number): Promise<boolean> {
  let connection: RespConnection;
  try {
    connection = new RespConnection(await connectTcpStream('127.0.0.1', port));
  } catch {
    return false;
  }
  return new Promise((resolve) => {
    const cancel = timers.after(answerMs, () => connection.close());
    connection.call(['GET', ''], (reply) => {
      cancel();
      resolve(reply.type === 'bulk');
      connection.close();
    });
  });
}
