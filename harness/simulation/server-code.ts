/**
 * The server's code as a simulation runs it: this checkout's, or a copy's with a planted bug.
 *
 * It is the door to server/: whatever of it runs under virtual time comes through here.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { startNode } from '../../server/node.ts';
import { encodeMessage, parseMessage } from '../../server/peer-codec.ts';
import { createSession } from '../../server/resp/session.ts';

export interface ServerCode {
  readonly startNode: typeof startNode;
  readonly createSession: typeof createSession;
  readonly encodeMessage: typeof encodeMessage;
  readonly parseMessage: typeof parseMessage;
}

/** Of this checkout. */
export const ownServerCode: ServerCode = { startNode, createSession, encodeMessage, parseMessage };

/** Of the folder that holds a server/. Rejects when something of it cannot be loaded. */
export async function loadServerCode(sourceRoot: string): Promise<ServerCode> {
  const load = (file: string): Promise<Partial<ServerCode>> =>
    import(pathToFileURL(join(sourceRoot, 'server', file)).href);
  const node = await load('node.ts');
  const codec = await load('peer-codec.ts');
  const session = await load('resp/session.ts');
  return {
    startNode: present(node.startNode, 'startNode', sourceRoot),
    encodeMessage: present(codec.encodeMessage, 'encodeMessage', sourceRoot),
    parseMessage: present(codec.parseMessage, 'parseMessage', sourceRoot),
    createSession: present(session.createSession, 'createSession', sourceRoot),
  };
}

function present<T>(value: T | undefined, name: string, sourceRoot: string): T {
  if (value !== undefined) return value;
  throw new TypeError(`the server in ${sourceRoot} has no ${name}`);
}
