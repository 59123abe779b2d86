/**
 * What the server answers. RESP commands:
 *
 * PING; VERSION; PID; LOG text (a line on its output); EXIT (ends by itself).
 * SET key value (synced before the answer); LAZY key value (not synced); GET key; SYNCS n (so many
 * syncs, in microseconds); DIGEST (of every byte that is kept).
 * HEARD peer (messages); FROM peer (a PeerRecord as JSON); SENT peer; CLOSED peer (connections to
 * it that ended); TRIP peer bytes (there with so many bytes and back, in microseconds).
 */
import type { KeptValues } from './kept-values.ts';
import type { PeerLinks } from './peer-links.ts';
import { version } from './version.ts';

export type Commands = (words: readonly string[]) => Promise<string>;

export function createCommands(parts: {
  readonly values: KeptValues;
  readonly links: PeerLinks;
}): Commands {
  const { values, links } = parts;
  return async ([command = '', key = '', value = '']) => {
    try {
      switch (command) {
        case 'PING':
          return '+PONG\r\n';
        case 'VERSION':
          return bulk(version);
        case 'PID':
          return integer(process.pid);
        case 'LOG':
          process.stdout.write(`${key}\n`);
          return '+OK\r\n';
        case 'EXIT':
          return process.exit(3);
        case 'SET':
          await values.set(key, value);
          return '+OK\r\n';
        case 'LAZY':
          await values.setLazily(key, value);
          return '+OK\r\n';
        case 'GET':
          return bulk(values.get(key));
        case 'SYNCS':
          return integer(await values.sync(Number(key)));
        case 'DIGEST':
          return bulk(values.digest());
        case 'HEARD':
          return integer(links.from(key).count);
        case 'FROM':
          return bulk(JSON.stringify(links.from(key)));
        case 'SENT':
          return integer(links.sent(key));
        case 'CLOSED':
          return integer(links.closed(key));
        case 'TRIP':
          return integer(await links.trip(key, Number(value)));
        default:
          return '-ERR unknown command\r\n';
      }
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'ERR';
      return `-${code} ${error instanceof Error ? error.message : String(error)}\r\n`;
    }
  };
}

function bulk(text: string | null): string {
  return text === null ? '$-1\r\n' : `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
}

function integer(value: number): string {
  return `:${value}\r\n`;
}
