/** Sockets that carry lines. */
import { createServer, type Socket } from 'node:net';

/** Accepts whoever comes; what goes wrong with a socket ends it and nothing else. */
export function listen(address: string, handler: (socket: Socket) => void): void {
  createServer((socket) => {
    socket.on('error', () => {});
    handler(socket);
  }).listen(splitAddress(address));
}

export function splitAddress(address: string): { readonly host: string; readonly port: number } {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) };
}

export function onLines(socket: Socket, handler: (line: string) => void): void {
  let parts: string[] = [];
  socket.on('data', (chunk: Buffer) => {
    const lines = chunk.toString('latin1').split('\n');
    const rest = lines.pop() ?? '';
    for (const line of lines) {
      handler([...parts, line].join('').replace(/\r$/, ''));
      parts = [];
    }
    if (rest !== '') parts.push(rest);
  });
}
