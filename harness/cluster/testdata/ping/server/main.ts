/**
 * A server that shows what a cluster does to it: what it hears from whom, and what it has kept.
 *
 * `main.ts <id> <client host:port> <peer host:port> <data directory> <trace file or ->
 * <peer=host:port>...`
 * RESP commands: PING, SET key value (synced before the answer), GET key, HEARD peer (messages),
 * EXIT (ends by itself).
 */
import { appendFileSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';

const [
  id = '',
  clientAddress = '',
  peerAddress = '',
  dataDirectory = '',
  traceFile = '-',
  ...peers
] = process.argv.slice(2);
const heard = new Map<string, number>();
const values = new Map<string, string>();
const path = `${dataDirectory}/values`;

if (existsSync(path)) {
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    const [key, value] = line.split('=');
    if (key !== undefined && value !== undefined) values.set(key, value);
  }
}
const file = openSync(path, 'a');

listen(peerAddress, (socket) => {
  onLines(socket, (line) => heard.set(line, (heard.get(line) ?? 0) + 1));
});
listen(clientAddress, (socket) => {
  // Inline or not, a command's words are its lines that are neither counts nor lengths.
  let words: string[] = [];
  let expected = 0;
  onLines(socket, (line) => {
    if (line.startsWith('*')) expected = Number(line.slice(1));
    else if (!line.startsWith('$')) words.push(line);
    if (words.length < expected || expected === 0) return;
    socket.write(answer(words));
    words = [];
    expected = 0;
  });
});
for (const peer of peers) dial(peer.split('=')[1] ?? '');
process.on('SIGTERM', () => process.exit(0));
if (process.env['RAFTURE_PARENT_PIPE'] === '1') {
  process.stdin.resume().on('end', () => process.exit(0));
}
if (traceFile !== '-') appendFileSync(traceFile, `{"node":"${id}","event":"started"}\n`);
process.stdout.write(`${id} started with ${values.size} values\n`);

function answer([command, key = '', value = '']: readonly string[]): string {
  switch (command) {
    case 'PING':
      return '+PONG\r\n';
    case 'SET':
      values.set(key, value);
      writeSync(file, `${key}=${value}\n`);
      fsyncSync(file);
      return '+OK\r\n';
    case 'GET': {
      const found = values.get(key);
      return found === undefined ? '$-1\r\n' : `$${found.length}\r\n${found}\r\n`;
    }
    case 'HEARD':
      return `:${heard.get(key) ?? 0}\r\n`;
    case 'EXIT':
      return process.exit(3);
    default:
      return '-ERR unknown command\r\n';
  }
}

/** Says its name to a peer a hundred times a second, on one connection, for ever. */
function dial(address: string): void {
  const [host, port] = split(address);
  const socket = connect({ host, port, noDelay: true });
  const talk = setInterval(() => {
    if (socket.writableLength === 0) socket.write(`${id}\n`);
  }, 10);
  socket.on('error', () => {});
  socket.on('close', () => {
    clearInterval(talk);
    setTimeout(() => dial(address), 50);
  });
}

function listen(address: string, handler: (socket: Socket) => void): void {
  const [host, port] = split(address);
  createServer((socket) => {
    socket.on('error', () => {});
    handler(socket);
  }).listen({ host, port });
}

function split(address: string): readonly [string, number] {
  const colon = address.lastIndexOf(':');
  return [address.slice(0, colon), Number(address.slice(colon + 1))];
}

function onLines(socket: Socket, handler: (line: string) => void): void {
  let rest = '';
  socket.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString('latin1')).split(/\r?\n/);
    rest = lines.pop() ?? '';
    for (const line of lines) handler(line);
  });
}
