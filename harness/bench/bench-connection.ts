/**
 * One connection that asks a node of the reference server a question and waits for the reply. It is
 * for finding leaders and watching nodes: what is measured goes through the load generator.
 */
import { RespConnection, type RespReply } from '../clients/resp-connection.ts';
import { connectTcpStream } from '../cluster/tcp-stream.ts';

export class BenchConnection {
  readonly #connection: RespConnection;

  static async open(address: string): Promise<BenchConnection> {
    const [host = '', port] = address.split(':');
    return new BenchConnection(new RespConnection(await connectTcpStream(host, Number(port))));
  }

  constructor(connection: RespConnection) {
    this.#connection = connection;
  }

  /** Rejects when the connection is lost. */
  call(args: readonly string[]): Promise<RespReply> {
    return new Promise((resolve, reject) => {
      this.#connection.call(args, (reply) => {
        if (reply.type === 'lost') reject(new Error(reply.reason));
        else resolve(reply);
      });
    });
  }

  close(): void {
    this.#connection.close();
  }
}

/** A question on a connection of its own. Rejects when nobody listens there. */
export async function ask(address: string, args: readonly string[]): Promise<RespReply> {
  const connection = await BenchConnection.open(address);
  try {
    return await connection.call(args);
  } finally {
    connection.close();
  }
}

/** What `INFO raft` says, by name. */
export async function askInfo(address: string): Promise<ReadonlyMap<string, string>> {
  const reply = await ask(address, ['INFO', 'raft']);
  if (reply.type !== 'bulk' || reply.value === null) {
    throw new Error(`${address} answers INFO raft with ${JSON.stringify(reply)}`);
  }
  return parseInfo(reply.value);
}

export function parseInfo(text: string): ReadonlyMap<string, string> {
  const lines = text.split('\r\n').filter((line) => line.includes(':'));
  return new Map(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1)];
    }),
  );
}
