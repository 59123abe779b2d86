/** Waits until some node leads and answers a read, which only a leader that a majority follows can. */
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
    for (const { node, port } of nodes) if (await serves(port)) return { leader: node };
    const why = await gaveUp();
    if (why !== null) return { why };
    await pause(timers, pollMs);
  }
  return { why: `none does after ${limitMs / 1000} s` };
}

async function serves(port: number): Promise<boolean> {
  try {
    const stream = await connectTcpStream('127.0.0.1', port);
    const introspection = await reference.introspect(stream, timers);
    return introspection?.role === 'leader' && (await reads(port));
  } catch {
    // It does not listen yet.
    return false;
  }
}

async function reads(port: number): Promise<boolean> {
  const connection = new RespConnection(await connectTcpStream('127.0.0.1', port));
  return new Promise((resolve) => {
    const cancel = timers.after(answerMs, () => connection.close());
    connection.call(['GET', ''], (reply) => {
      cancel();
      resolve(reply.type === 'bulk');
      connection.close();
    });
  });
}
