/** One command to the reference server, on a connection of its own. */
import { RespConnection, type RespLost, type RespReply } from '../clients/resp-connection.ts';
import type { ByteStream } from '../cluster.ts';
import type { HarnessTimers } from '../run/timers.ts';

const answerDeadlineMs = 1000;

/** `lost` when no answer comes in time, or none can come any more. */
export function ask(
  stream: ByteStream,
  timers: HarnessTimers,
  {
    words,
    deadlineMs = answerDeadlineMs,
  }: {
    readonly words: readonly string[];
    readonly deadlineMs?: number;
  },
): Promise<RespReply | RespLost> {
  return new Promise((resolve) => {
    const connection = new RespConnection(stream);
    const cancel = timers.after(deadlineMs, () => connection.close());
    connection.call(words, (reply) => {
      cancel();
      resolve(reply);
      connection.close();
    });
  });
}

/** `name:value` lines. */
export function parseFields(text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const line of text.split('\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  return fields;
}
