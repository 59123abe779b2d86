/**
 * A system without sockets, behind the interface of a client: registers in a map of this process.
 * It answers at once, so that what is measured is the harness.
 */
import type { Client, Completion, Invocation } from '../client.ts';

/** After a microtask; or after a turn of the event loop, as an answer from a socket comes. */
export const answerings = ['microtask', 'turn'] as const;
export type Answering = (typeof answerings)[number];

/** Clients of one store. Throws RangeError at an operation that is not a register's. */
export function createMemoryClients(answering: Answering): () => Client {
  const registers = new Map<string, unknown>();
  const afterTurn = (completion: Completion): Promise<Completion> =>
    new Promise((resolve) => {
      setImmediate(() => resolve(completion));
    });
  const client: Client = {
    open: async () => {},
    invoke: (invocation) => {
      const completion = apply(registers, invocation);
      return answering === 'turn' ? afterTurn(completion) : Promise.resolve(completion);
    },
    close: () => {},
  };
  return () => client;
}

function apply(registers: Map<string, unknown>, { f, key = '', value }: Invocation): Completion {
  const seen = registers.get(key) ?? null;
  switch (f) {
    case 'read':
      return { type: 'ok', value: seen };
    case 'write':
      registers.set(key, value);
      return { type: 'ok', value };
    case 'cas': {
      const [expected, written] = value as readonly [unknown, unknown];
      const swapped = seen === expected;
      if (swapped) registers.set(key, written);
      return { type: 'ok', value, result: { swapped, seen } };
    }
    default:
      throw new RangeError(`the system of this benchmark has registers alone: no ${f}`);
  }
}
