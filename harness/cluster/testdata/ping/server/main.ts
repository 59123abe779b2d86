/**
 * A server that shows what a cluster does to it: what it hears from whom, and what it has kept.
 *
 * `main.ts <id> <client host:port> <peer host:port> <data directory> <trace file or ->
 * <fault disk or -> <peer=host:port>...`; what it answers is in commands.ts.
 */
import { appendFileSync } from 'node:fs';
import { createCommands } from './commands.ts';
import { KeptValues } from './kept-values.ts';
import { listen, onLines } from './lines.ts';
import { PeerLinks } from './peer-links.ts';
import { version } from './version.ts';

const [
  id = '',
  clientAddress = '',
  peerAddress = '',
  dataDirectory = '',
  traceFile = '-',
  faultDisk = '-',
  ...peers
] = process.argv.slice(2);
const values = new KeptValues(dataDirectory, faultDisk === '-' ? null : faultDisk);
const links = new PeerLinks(id);
const answer = createCommands({ values, links });

listen(peerAddress, (socket) => links.accept(socket));
listen(clientAddress, (socket) => {
  // Inline or not, a command's words are its lines that are neither counts nor lengths.
  let words: string[] = [];
  let expected = 0;
  let answered: Promise<unknown> = Promise.resolve();
  onLines(socket, (line) => {
    if (line.startsWith('*')) expected = Number(line.slice(1));
    else if (!line.startsWith('$')) words.push(line);
    if (words.length < expected || expected === 0) return;
    const asked = words;
    answered = answered.then(async () => socket.write(await answer(asked)));
    words = [];
    expected = 0;
  });
});
for (const peer of peers) {
  const [name = '', address = ''] = peer.split('=');
  links.dial(name, address);
}
process.on('SIGTERM', () => process.exit(0));
if (process.env['RAFTURE_PARENT_PIPE'] === '1') {
  process.stdin.resume().on('end', () => process.exit(0));
}
if (traceFile !== '-') appendFileSync(traceFile, `{"node":"${id}","event":"started"}\n`);
process.stdout.write(`${id} version ${version} started with ${values.count} values\n`);
