/**
 * A client's session: bytes in, commands to the node, replies out in the order of the commands.
 *
 * It knows no socket: whoever owns the connection gives it bytes and a place to write to.
 */
import type { ServerNode } from '../node.ts';

export interface SessionOutput {
  write(bytes: Uint8Array): void;
  /** Close the connection once what has been written is out. Nothing is written after it. */
  close(): void;
}

export interface Session {
  receive(bytes: Uint8Array): void;
  /** The connection is gone: replies that are still to come are dropped. */
  closed(): void;
}

export function createSession(node: ServerNode, output: SessionOutput): Session {
  throw new Error(`not written yet: ${node.info().id} ${typeof output}`);
}
