/**
 * Errors that a request gets before it reaches the node, in Redis's own words, so that clients and
 * people recognise them. Whatever of a request they repeat is cut short.
 */
import { createErrorReply, type ErrorCode, type ErrorReply } from '../errors.ts';

/** As Redis: of a name, and of all the arguments that follow it. */
const shownBytesMax = 128;

export const syntaxError: ErrorReply = createErrorReply('ERR', 'syntax error');
export const notAnInteger: ErrorReply = createErrorReply(
  'ERR',
  'value is not an integer or out of range',
);

export function refuse(text: string, code: ErrorCode = 'ERR'): ErrorReply {
  return createErrorReply(code, text);
}

/** `fullName` is as COMMAND has it: `get`, `client|setname`. */
export function wrongArity(fullName: string): ErrorReply {
  return refuse(`wrong number of arguments for '${fullName}' command`);
}

export function unknownCommand(parts: readonly Uint8Array[]): ErrorReply {
  const [name, ...rest] = parts;
  let shown = '';
  for (const part of rest) {
    const room = shownBytesMax - Buffer.byteLength(shown);
    if (room <= 0) break;
    shown += `'${wordOf(part, room)}' `;
  }
  const command = name === undefined ? '' : wordOf(name);
  return refuse(`unknown command '${command}', with args beginning with: ${shown}`);
}

export function unknownSubcommand(container: string, word: Uint8Array): ErrorReply {
  const help = `Try ${container.toUpperCase()} HELP.`;
  return refuse(`unknown subcommand '${wordOf(word)}'. ${help}`);
}

/** As text for people: up to a NUL, and no more than so many bytes. */
export function wordOf(part: Uint8Array, bytesMax: number = shownBytesMax): string {
  const end = part.subarray(0, bytesMax).indexOf(0);
  const length = end < 0 ? Math.min(part.length, bytesMax) : end;
  return Buffer.from(part.buffer, part.byteOffset, length).toString('utf8');
}

/** An option's name, to compare with. */
export function optionOf(part: Uint8Array): string {
  return wordOf(part).toUpperCase();
}
