/**
 * What a connection has agreed on with its client, and which connections a node has.
 *
 * State of the protocol only; no socket, and nothing that another connection could change.
 */
import type { ServerNode } from '../server-node.ts';
import { Password } from './password.ts';
import type { Protocol } from './reply-encoder.ts';

export interface SessionOptions {
  /** Null: clients need none. */
  readonly password: string | null;
  /** Unique among the connections of a node; drawn when nobody says. */
  readonly clientId?: number;
  /** Where the client is, as `host:port`: for CLIENT LIST. */
  readonly clientAddress?: string;
}

export class Connection {
  readonly node: ServerNode;
  readonly clients: Clients;
  readonly id: number;
  readonly address: string;
  readonly password: Password;
  protocol: Protocol = 2;
  name = '';
  libraryName = '';
  libraryVersion = '';
  authenticated: boolean;

  constructor(node: ServerNode, options: SessionOptions) {
    this.node = node;
    this.clients = clientsOf(node);
    this.id = options.clientId ?? this.clients.nextId();
    this.address = options.clientAddress ?? '';
    this.password = new Password(options.password);
    this.authenticated = !this.password.isRequired;
    this.clients.add(this);
  }

  /** As it was when it began; the library stays the same. */
  reset(): void {
    this.protocol = 2;
    this.name = '';
    this.authenticated = !this.password.isRequired;
  }

  closed(): void {
    this.clients.remove(this);
  }

  /** A line of CLIENT LIST. */
  describe(): string {
    const fields: readonly (readonly [string, string | number])[] = [
      ['id', this.id],
      ['addr', this.address],
      ['name', this.name],
      ['db', 0],
      ['resp', this.protocol],
      ['lib-name', this.libraryName],
      ['lib-ver', this.libraryVersion],
    ];
    return fields.map(([name, value]) => `${name}=${value}`).join(' ');
  }
}

/** The connections of one node. */
export class Clients {
  readonly #connections = new Set<Connection>();
  #lastId = 0;

  get all(): readonly Connection[] {
    return [...this.#connections];
  }

  get count(): number {
    return this.#connections.size;
  }

  nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  add(connection: Connection): void {
    this.#connections.add(connection);
  }

  remove(connection: Connection): void {
    this.#connections.delete(connection);
  }
}

const clientsByNode = new WeakMap<ServerNode, Clients>();

function clientsOf(node: ServerNode): Clients {
  const known = clientsByNode.get(node);
  if (known !== undefined) return known;
  const clients = new Clients();
  clientsByNode.set(node, clients);
  return clients;
}
